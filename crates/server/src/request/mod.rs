//! Bytes to checked values.
//!
//! - `body`: a JSON object of a known shape.
//! - `file`: a routes file.
//! - `texts`: the texts in a body, with the place of the one to blame.
//! - `samples`: labelled samples, likewise.
//! - `path`: the names and numbers in a path, and the namespace that it leads to.
//! - `query`: what stands behind the question mark.
//! - `revision`: `If-Match` and `ETag`.
//! - `whole`: whole numbers, and the bounds of numbers.

mod body;
mod file;
mod path;
mod query;
mod revision;
mod samples;
mod texts;
mod whole;

pub(crate) use body::{JsonBody, MAX_BODY_BYTES};
pub(crate) use file::FileBody;
pub(crate) use path::{
    PathModel, PathName, PathNamespace, PathNumber, PathRevisions, Scope, well_formed,
};
pub(crate) use query::{Mode, Page, WithFit, cursor};
pub(crate) use revision::{IfMatch, IfPresent, etag};
pub(crate) use samples::{RawSample, refused, samples};
pub(crate) use texts::{OneOrMany, Texts, text, texts, texts_up_to};
pub(crate) use whole::{Whole, positive};
