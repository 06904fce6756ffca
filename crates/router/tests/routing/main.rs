//! What the crate promises, from outside.
//!
//! - `values`: what a name, a text, a cut may be.
//! - `round_trip`: a routes file survives being written and read.
//! - `bad_files`: a bad one is refused with field and line.
//! - `imports`: files of another library, and what is told about them.
//! - `content_hash`: equal content, equal hash; other content, another.
//! - `generated`: files of arbitrary content.
//! - `fit`: what is learned, in whatever order; and that nothing gets worse.
//! - `out_of_fold`: what a fit makes of texts that the model has learned.
//! - `rules`: decisions, one rule at a time.
//! - `weighing`: what counts as evidence, and what speaks against a route.
//! - `model`: decisions against a naive model of all the rules together.
//! - `samples`: labelled samples, and what is refused with its line.
//! - `cross_validation`: each utterance is asked once, by a router that has forgotten it.
//! - `would_change`: what an explanation says would change the outcome does.
//! - `support`: vectors whose cosines are known.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod bad_files;
mod content_hash;
mod cross_validation;
mod fit;
mod generated;
mod imports;
mod index;
mod model;
mod out_of_fold;
mod round_trip;
mod rules;
mod samples;
mod support;
mod values;
mod weighing;
mod would_change;
