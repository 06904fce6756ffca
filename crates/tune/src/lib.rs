//! The encoder learns somebody's own routes: supervised tuning on a CPU, in a minute or two.
//!
//! - [`Lesson`] is what is to be learned: the routes' utterances as token ids.
//! - [`Model`] is the encoder in f32, forwards and backwards.
//! - [`Tuner`] makes the steps: draws texts that should come together or apart, and moves the
//!   weights a little.
//!
//! Inside, `blocks` are the parts of a transformer layer, each with its way back; `loss` is what
//! is minimised, `batches` which texts meet, `adamw` how weights move.
//!
//! The same seed gives the same bits on one instruction set, whatever the number of threads.
//! This crate knows nothing of files and services; and whether a tuned model is better is for
//! its caller to judge, on texts that it has not seen.

mod adamw;
mod batches;
mod blocks;
mod error;
mod layer;
mod lesson;
mod loss;
mod model;
mod parts;
mod random;
mod sharing;
mod sums;
#[cfg(test)]
mod testing;
mod tuner;

pub use error::TuneError;
pub use lesson::{FEWEST_PAIRS, FEWEST_ROUTES, Lesson, learned};
pub use loss::Loss;
pub use model::Model;
pub use tuner::{TuneOptions, Tuner};
