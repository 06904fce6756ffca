//! What the store promises, on real files.
//!
//! - `model_based`: random changes against a naive map, with restarts; `naive` is that map,
//!   `mirror` a memory built from edits alone.
//! - `changes`: what single changes say and refuse.
//! - `fits`: what was learned, kept beside the revisions.
//! - `history`: the log, forgetting, and a file that stays as small as what is kept.
//! - `migration`: files of earlier versions.
//! - `opening`: one writer, readers beside it, files that are not what they should be.
//! - `damage`: bytes that a disk changed.
//! - `backup`, `reembed`, `python`: copying, another model, the Python package's files.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod backup;
mod changes;
mod damage;
mod fits;
mod history;
mod migration;
mod mirror;
mod model_based;
mod naive;
mod opening;
mod python;
mod reembed;
mod support;
