//! What is wrong with one value of a request.

use synaptoroute::{NameError, RouteError, SampleError, TextError};

use crate::failure::Failure;

/// What is wrong with one value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// As the JSON library words it: a wrong type, an unknown or a missing field, a number
    /// outside its range.
    #[error("{0}")]
    Shape(String),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the name in the path is not UTF-8 once percent-decoded")]
    NameNotUtf8,
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    Samples(#[from] SampleError),
    #[error("is empty; give at least one text")]
    NoTexts,
    #[error("has {found} texts; at most {limit} are allowed at once")]
    TooManyTexts { found: usize, limit: usize },
    #[error("give either `utterance` or `utterances`, one of the two")]
    EitherOr,
    #[error("{asked} dimensions are not to be had; the model makes {made}")]
    Dimensions { asked: f64, made: usize },
    #[error("{found:?} is no limit: it lies between 1 and {max}")]
    Limit { found: String, max: usize },
    #[error("is no cursor; pass the `next` of the page before, as it came")]
    Cursor,
    #[error("{found:?} is no mode; `merge` and `replace` are")]
    Mode { found: String },
    #[error("{found:?} is no revision: it is a whole number, as reads return it")]
    Revision { found: String },
    #[error("{found:?} is no fit: it is a whole number, as `GET /fits` lists it")]
    Fit { found: String },
    #[error("{found:?} is no model: it is a whole number, as `GET /models` lists it")]
    Model { found: String },
    #[error("{found} is not allowed; give {allowed}")]
    Number { found: String, allowed: String },
    #[error(
        "with 0 folds nothing is held out, so nobody knows whether the tuned model is better; give \
         folds, or install it all the same with `force`, or not at all with `install` false"
    )]
    Unjudged,
    #[error("{found:?} is neither `true` nor `false`")]
    Flag { found: String },
    #[error("is no parameter here; `{known}` can be given")]
    UnknownParameter { known: String },
    #[error("is no parameter here; this call takes none after a question mark")]
    NoParameters,
    #[error("is given twice; give it once")]
    RepeatedParameter,
}

impl Fault {
    /// Says where the value stands, such as `queries[3]`.
    pub(crate) fn at(self, field: impl Into<String>) -> Failure {
        Failure::Invalid { field: field.into(), fault: self }
    }
}
