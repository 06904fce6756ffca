//! Conversion of small BERTs made up here: random weights in an ONNX graph as exporters
//! write it, and a tokenizer of sixty tokens.
//!
//! - `random`: the fp32 weights, and a forward pass over them that shares no code with the
//!   crate.
//! - `tokens`, `export`: a `tokenizer.json`, and the weights as an ONNX file.
//! - `fidelity`, `layout`, `refusals`: what a conversion gives, writes and refuses.
//! - `graph`, `vocabulary`: what it reads from either file.

mod export;
mod fidelity;
mod graph;
mod layout;
mod random;
mod refusals;
mod tokens;
mod vocabulary;
