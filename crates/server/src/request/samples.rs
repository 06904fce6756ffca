//! Labelled samples in a body, with the place of the one to blame.

use serde::Deserialize;
use synaptoroute::{RouteName, Sample, SampleError, Samples, Snapshot, Text};
use utoipa::ToSchema;

use crate::failure::{Failure, Fault};

/// Most samples of a call: some ten seconds of one core. Who has more has the command line.
const MAX_SAMPLES: usize = 10_000;

/// A text, and where it belongs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with text and intent")]
#[schema(as = Sample, example = json!({"text": "why was I charged twice", "intent": "billing"}))]
pub(crate) struct RawSample {
    #[schema(value_type = Text)]
    text: String,
    /// The route it belongs to; null, absent or `oos` if it belongs to none.
    #[schema(value_type = Option<RouteName>)]
    intent: Option<String>,
}

/// One to 10,000 samples, whose labels name routes.
pub(crate) fn samples(raw: Vec<RawSample>, snapshot: &Snapshot) -> Result<Samples, Failure> {
    match raw.len() {
        0 => return Err(Fault::NoTexts.at("samples")),
        found if found > MAX_SAMPLES => {
            return Err(Fault::TooManyTexts { found, limit: MAX_SAMPLES }.at("samples"));
        }
        _ => {}
    }
    let checked = raw.into_iter().enumerate().map(|(place, RawSample { text, intent })| {
        let at = |field: &str| format!("samples[{place}].{field}");
        let text = Text::try_from(text).map_err(|e| Fault::from(e).at(at("text")))?;
        Sample::labelled(text, intent).map_err(|e| Fault::from(e).at(at("intent")))
    });
    let checked = checked.collect::<Result<Vec<_>, Failure>>()?;
    let samples = Samples::new(checked).map_err(refused)?;
    samples.check(snapshot).map_err(refused)?;
    Ok(samples)
}

/// What is wrong with them together is one's intent.
pub(crate) fn refused(error: SampleError) -> Failure {
    let field = error.index().map_or("samples".to_owned(), |i| format!("samples[{i}].intent"));
    Fault::from(error).at(field)
}
