//! What the library promises, on the real model.
//!
//! - `changes`: what a change does, and what a refused one leaves.
//! - `batches`: a batch answers as its queries one by one.
//! - `evaluation`: samples, cross-validation, and what comes of them.
//! - `fits`: made on demand and in the background, and what survives.
//! - `installing`: another model while it decides, and back again.
//! - `lint`: what is doubtful about routes of real sentences.
//! - `sentences`: a few support routes and real questions.
//! - `tuning`: the encoder learns routes.
//! - `support`: the model, and an encoder that can be told to fail.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod batches;
mod changes;
mod evaluation;
mod fits;
mod installing;
mod lint;
mod sentences;
mod support;
mod tuning;
