//! A server to ask, and an encoder that can be told to misbehave.

use std::sync::atomic::{AtomicBool, Ordering};

mod asker;
mod decisions;
mod exposition;
mod server;
mod stage;

pub(crate) use asker::Asker;
pub(crate) use decisions::{decisions, unnumbered};
pub(crate) use exposition::Scrape;
pub(crate) use server::{Reply, Server, reopen};
pub(crate) use stage::{FAIL, HOLD, PANIC, Stage, models};

/// Enough routes and utterances to be learned.
pub(crate) const EXAMPLE: &str = include_str!("../../../../../examples/support.yaml");

/// What a server starts with; at revision 1.
pub(crate) const FIXTURE: &str = r#"{
  "version": 1,
  "routes": [
    {"name": "billing", "threshold": 0.4, "description": "Invoices and payments",
     "utterances": ["where is my bill", "I was charged twice", "my invoice is wrong"],
     "negatives": ["draft a bill for parliament"], "metadata": {"team": "finance"}},
    {"name": "cancel order",
     "utterances": ["cancel my order", "I do not want it any more"]},
    {"name": "größe/maß", "score_threshold": 0.1,
     "utterances": ["which size fits me", "is there a size chart"]}
  ]
}"#;

/// Says that it is over when it is dropped, also by a test that fails: those that go on until
/// then would otherwise keep it from failing.
pub(crate) struct Until<'a>(pub(crate) &'a AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
