//! Writes the vectors of the built-in background texts, for the built-in model: a fit then need not
//! encode them. To be run when either changes:
//! `cargo run --release -p synaptoroute-benches --bin background`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it says what it wrote")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use synaptoroute::{Encoder, RouterError, background_texts};
use synaptoroute_benches::{BenchError, encoder};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("background: {error}");
            ExitCode::from(3)
        }
    }
}

fn run() -> Result<(), BenchError> {
    let encoder = encoder()?;
    let mut file = format!("{}\n", encoder.model().fingerprint).into_bytes();
    let texts: Vec<&str> = background_texts().map(|background| background.text).collect();
    for part in texts.chunks(32) {
        for embedding in encoder.encode(part).map_err(RouterError::from)? {
            let largest = embedding.vector.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
            let scale = largest / 127.0;
            let code = |x: &f32| ((x / scale).round() as i8).to_le_bytes()[0];
            file.extend(embedding.vector.iter().map(code));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/synaptoroute/src/background/vectors.bin");
    let bytes = file.len();
    fs::write(&path, file).map_err(|source| BenchError::Read { path, source })?;
    println!("{} vectors, {bytes} bytes", texts.len());
    Ok(())
}
