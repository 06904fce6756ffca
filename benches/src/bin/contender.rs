//! SynaptoRoute among its rivals: answers the questions of `benches/rivals/run`, one JSON
//! line each, over standard input and output. The protocol is in
//! `benches/rivals/rivals/protocol.py`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use serde::Deserialize;
use serde_json::{Value, json};
use synaptoroute::{Bert, Encoder, Kernels, Route, RouteName, RouteOptions, Router, Scratch, Text};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Answer the questions of `benches/rivals/run`.
#[derive(Parser)]
struct Args {
    /// Threads that may work on one list of texts
    #[arg(long, default_value = "1")]
    threads: NonZero<usize>,
    /// Model file
    #[arg(long)]
    model: PathBuf,
}

/// One line of standard input.
#[derive(Deserialize)]
#[serde(untagged)]
enum Request {
    Embed { embed: Vec<String> },
    Time { time: Vec<String>, from: Start, repeats: usize, warm: usize },
    Routes { routes: BTreeMap<String, Vec<String>> },
    Route { route: Vec<String> },
}

/// Where a measured piece of work starts.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Start {
    /// At token ids, ends at vectors.
    Ids,
    /// At texts, ends at vectors.
    Text,
    /// At texts, ends at decisions.
    Route,
}

struct Contender {
    bert: Arc<Bert>,
    router: Router,
}

/// The engine with `threads` for one pass, and how many it will use.
fn engine(args: &Args) -> Result<(Bert, usize), Failure> {
    let bert = Bert::open(&args.model, Kernels::from_env()?)?;
    Ok((bert.with_threads(args.threads)?, args.threads.get()))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A harness that reads lines learns of it as of any other answer.
            let _ = writeln!(io::stdout(), "{}", json!({ "error": error.to_string() }));
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    let (bert, threads) = engine(args)?;
    let ready = json!({
        "ready": true,
        "name": "SynaptoRoute",
        "version": env!("CARGO_PKG_VERSION"),
        "setting": format!("{}, a pass on {threads} thread(s)", bert.model().isa),
        "starts": ["ids", "text", "route"],
        "max_tokens": bert.model().max_tokens,
    });
    let bert = Arc::new(bert);
    let mut contender = Contender { router: Router::new(Arc::<Bert>::clone(&bert)), bert };
    let mut out = io::stdout().lock();
    writeln!(out, "{ready}")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let answer = contender.answer(serde_json::from_str(&line?)?)?;
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

impl Contender {
    fn answer(&mut self, request: Request) -> Result<Value, Failure> {
        Ok(match request {
            Request::Embed { embed } => {
                let texts: Vec<&str> = embed.iter().map(String::as_str).collect();
                let embeddings = self.bert.encode(&texts)?;
                json!({ "vectors": embeddings.into_iter().map(|e| e.vector).collect::<Vec<_>>() })
            }
            Request::Time { time, from, repeats, warm } => {
                json!({ "ns": self.time(&time, &from, repeats, warm)? })
            }
            Request::Routes { routes } => {
                self.router = Router::new(Arc::<Bert>::clone(&self.bert));
                for (name, utterances) in routes {
                    let route =
                        Route::new(RouteName::try_from(name.as_str())?, texts(&utterances)?)?;
                    self.router.upsert(route, None)?;
                }
                json!({ "ok": true })
            }
            Request::Route { route } => {
                let mut names = Vec::with_capacity(route.len());
                for text in texts(&route)? {
                    let answer = self.router.route(&text, RouteOptions::default())?;
                    names.push(answer.decision.intent.map(|name| name.to_string()));
                }
                json!({ "routes": names })
            }
        })
    }

    /// Nanoseconds of each repeat of the whole list.
    fn time(
        &self,
        list: &[String],
        from: &Start,
        repeats: usize,
        warm: usize,
    ) -> Result<Vec<u64>, Failure> {
        let texts_checked = texts(list)?;
        let borrowed: Vec<&str> = list.iter().map(String::as_str).collect();
        match from {
            Start::Ids => {
                let encode = |text: &&str| self.bert.tokenizer().encode(text).map(|t| t.ids);
                let ids: Vec<Vec<u32>> = borrowed.iter().map(encode).collect::<Result<_, _>>()?;
                let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
                let mut vectors = vec![0.0; ids.len() * self.bert.model().dimensions];
                let mut scratch = Scratch::new();
                measure(repeats, warm, || {
                    self.bert.encode_ids(&mut scratch, &ids, &mut vectors);
                    black_box(&vectors);
                    Ok(())
                })
            }
            Start::Text => measure(repeats, warm, || {
                black_box(self.bert.encode(&borrowed)?);
                Ok(())
            }),
            Start::Route => measure(repeats, warm, || {
                for text in &texts_checked {
                    black_box(self.router.route(text, RouteOptions::default())?);
                }
                Ok(())
            }),
        }
    }
}

fn texts(list: &[String]) -> Result<Vec<Text>, Failure> {
    Ok(list.iter().map(|text| Text::try_from(text.as_str())).collect::<Result<_, _>>()?)
}

fn measure(
    repeats: usize,
    warm: usize,
    mut work: impl FnMut() -> Result<(), Failure>,
) -> Result<Vec<u64>, Failure> {
    for _ in 0..warm {
        work()?;
    }
    let mut times = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let started = Instant::now();
        work()?;
        times.push(u64::try_from(started.elapsed().as_nanos())?);
    }
    Ok(times)
}
