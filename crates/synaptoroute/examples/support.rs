//! The library in one page: routes from a file, a query, a route added live.
//!
//! `cargo run --example support -p synaptoroute`

#![expect(clippy::print_stdout, reason = "an example shows something")]

use std::sync::Arc;

use synaptoroute::{
    Bert, FileFormat, Kernels, Route, RouteName, RouteOptions, Router, RoutesFile, Text,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let model = format!("{root}/models/bge-small-en-v1.5/model.safetensors");
    let router = Router::new(Arc::new(Bert::open(model, Kernels::from_env()?)?));

    let routes = std::fs::read_to_string(format!("{root}/examples/support.yaml"))?;
    router.load(RoutesFile::parse(&routes, FileFormat::Yaml)?, &|_, _| ())?;
    show(&router, "my card got declined")?;
    show(&router, "do you sell gift cards")?;

    let name = RouteName::try_from("gift_card")?;
    let utterances = ["do you have gift cards", "I want to buy a gift card"];
    let utterances = utterances.map(Text::try_from).into_iter().collect::<Result<_, _>>()?;
    let revision = router.upsert(Route::new(name, utterances)?, None)?;
    println!("added gift_card: revision {revision}");
    show(&router, "do you sell gift cards")
}

fn show(router: &Router, query: &str) -> Result<(), Box<dyn std::error::Error>> {
    let answer = router.route(&Text::try_from(query)?, RouteOptions::default())?;
    match &answer.decision.intent {
        Some(intent) => println!("{query} -> {intent} ({:.2})", answer.decision.confidence),
        None => println!("{query} -> none ({})", answer.decision.reason.as_str()),
    }
    Ok(())
}
