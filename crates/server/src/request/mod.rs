//! Bytes to checked values.
//!
//! - `body`: a JSON object of a known shape.
//! - `texts`: the texts in it, with the place of the one to blame.
//! - `name`: a route's name in a path.
//! - `page`: which part of a list.
//! - `revision`: `If-Match` and `ETag`.

mod body;
mod name;
mod page;
mod revision;
mod texts;

pub(crate) use body::{JsonBody, MAX_BODY_BYTES};
pub(crate) use name::PathName;
pub(crate) use page::{Page, cursor_after};
pub(crate) use revision::{IfMatch, etag};
pub(crate) use texts::{text, texts, texts_up_to};
