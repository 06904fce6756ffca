//! Decisions to compare, one asking with the next.

use serde_json::{Value, json};

use super::Server;

/// Decisions without what differs from one asking to the next.
pub(crate) fn decisions(server: &Server, queries: &[&str]) -> Value {
    let mut answer = server.post("/route/batch", &json!({"queries": queries, "top_k": 8})).ok();
    for decision in answer["decisions"].as_array_mut().unwrap() {
        decision.as_object_mut().unwrap().remove("timing");
    }
    answer["decisions"].take()
}

/// The same, without the numbers of content and of the fit's.
pub(crate) fn unnumbered(mut decisions: Value) -> Value {
    for decision in decisions.as_array_mut().unwrap() {
        decision["revision"].take();
        decision["fit"]["revision"].take();
    }
    decisions
}
