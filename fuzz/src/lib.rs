//! What SynaptoRoute reads from strangers, under hostile input: each target is a plain function of
//! some bytes that panics where a promise does not hold.
//!
//! - [`routes_file`]: a file that is taken is written and read again as the same; one that is refused
//!   is told where.
//! - [`model_header`]: the beginning of a model file, before data that fit it.
//! - [`http`]: requests in a row to the whole service, in process.
//! - [`tokenizer`]: any text, by the built-in model's vocabulary.
//!
//! The same functions run under libFuzzer (`fuzz_targets/`, which needs `cargo fuzz`) and in
//! `cargo test`, over the corpus and what [`Mutator`] makes of it. How to: `fuzz/README.md`.

use synaptoroute::Kernels;

mod hashed;
mod http;
mod model_header;
mod mutate;
mod routes_file;
mod tokenizer;

pub use http::http;
pub use model_header::{model_header, sound_header};
pub use mutate::Mutator;
pub use routes_file::routes_file;
pub use tokenizer::tokenizer;

/// A function of bytes, by the name that its program and its corpus have.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Also the folder of its corpus.
    pub name: &'static str,
    /// Panics where a promise does not hold.
    pub run: fn(&[u8]),
}

/// All there are.
pub const TARGETS: [Target; 4] = [
    Target { name: "routes_file", run: routes_file },
    Target { name: "model_header", run: model_header },
    Target { name: "http", run: http },
    Target { name: "tokenizer", run: tokenizer },
];

/// Where this crate lies, with its corpus.
pub const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Longest input that any target looks at. What is bounded for these is bounded for longer ones, and
/// more would only be slower.
pub const MAX_INPUT_BYTES: usize = 32 << 10;

/// Those that the environment asks for, or the fastest.
fn kernels() -> Kernels {
    Kernels::from_env().expect("an instruction set of this machine")
}
