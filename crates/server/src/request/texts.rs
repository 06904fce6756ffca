//! The texts of a body, with the place of the one to blame.

use synaptoroute::Text;

use crate::failure::{Failure, Fault};

/// One text.
pub(crate) fn text(field: &str, raw: String) -> Result<Text, Failure> {
    Text::try_from(raw).map_err(|e| Fault::from(e).at(field))
}

/// Any number of texts.
pub(crate) fn texts(field: &str, raw: Vec<String>) -> Result<Vec<Text>, Failure> {
    let checked = raw.into_iter().enumerate().map(|(place, raw)| {
        Text::try_from(raw).map_err(|e| Fault::from(e).at(format!("{field}[{place}]")))
    });
    checked.collect()
}

/// One to `limit` texts.
pub(crate) fn texts_up_to(
    limit: usize,
    field: &str,
    raw: Vec<String>,
) -> Result<Vec<Text>, Failure> {
    match raw.len() {
        0 => Err(Fault::NoTexts.at(field)),
        found if found > limit => Err(Fault::TooManyTexts { found, limit }.at(field)),
        _ => texts(field, raw),
    }
}
