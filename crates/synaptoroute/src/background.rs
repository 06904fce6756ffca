//! Texts that have nothing to do with most routes: what a fit takes for questions that belong
//! nowhere, where nobody gave it better ones.
//!
//! Some 380 short texts of five public sets, in all their variety: trivia questions,
//! encyclopedia sentences, requests to assistants, to banks and to shops. Those that look in scope
//! of somebody's routes are left out by the fit. Sources and licences stand in NOTICE.

use std::sync::{Arc, OnceLock};

use synaptoroute_encoder::{EncodeError, Encoder};
use synaptoroute_router::{Background, Text};

/// A text of the built-in set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackgroundText {
    /// The set it comes from.
    pub source: &'static str,
    /// The text.
    pub text: &'static str,
}

/// A line a text: the source, a tab, the text.
const TEXTS: &str = include_str!("background/texts.tsv");

/// The vectors of [`TEXTS`] by the built-in model: its fingerprint and a line feed, then for each text
/// 8 bits for each number, at a scale of its own that a length of 1 makes needless. Written by `benches` (`--bin background`).
/// To encode them took 0.2 s, longer than all the rest of a small fit.
const VECTORS: &[u8] = include_bytes!("background/vectors.bin");

/// Texts that are encoded together; this only bounds working memory.
const BATCH: usize = 32;

/// The built-in set.
pub fn background_texts() -> impl Iterator<Item = BackgroundText> {
    TEXTS.lines().filter_map(|line| {
        let (source, text) = line.split_once('\t')?;
        Some(BackgroundText { source, text })
    })
}

/// The set's vectors by one model: those that are there, or else made when they are first asked
/// for.
#[derive(Debug, Default)]
pub(crate) struct BackgroundVectors(OnceLock<Arc<[Background]>>);

impl BackgroundVectors {
    /// # Errors
    ///
    /// A text cannot be encoded.
    pub(crate) fn get(&self, encoder: &dyn Encoder) -> Result<Arc<[Background]>, EncodeError> {
        if let Some(made) = self.0.get() {
            return Ok(Arc::clone(made));
        }
        let texts: Vec<&str> = background_texts().map(|background| background.text).collect();
        let model = encoder.model();
        let known = stored(&model.fingerprint.to_string(), model.dimensions, texts.len());
        let vectors = match known {
            Some(vectors) => vectors,
            None => encoded(encoder, &texts)?,
        };
        let background = |(text, vector): (&str, Vec<f32>)| Background {
            text: Text::try_from(text).expect("a text of the built-in set"),
            vector: vector.into(),
        };
        let made = texts.into_iter().zip(vectors).map(background).collect();
        Ok(Arc::clone(self.0.get_or_init(|| made)))
    }
}

fn encoded(encoder: &dyn Encoder, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncodeError> {
    let mut vectors = Vec::with_capacity(texts.len());
    for part in texts.chunks(BATCH) {
        vectors.extend(encoder.encode(part)?.into_iter().map(|embedding| embedding.vector));
    }
    Ok(vectors)
}

/// Those of [`VECTORS`], at length 1; nothing for another model.
fn stored(fingerprint: &str, dimensions: usize, count: usize) -> Option<Vec<Vec<f32>>> {
    let rows = VECTORS.strip_prefix(fingerprint.as_bytes())?.strip_prefix(b"\n")?;
    if rows.len() != count * dimensions {
        return None;
    }
    let unit = |row: &[u8]| {
        let codes: Vec<f32> = row.iter().map(|&code| f32::from(code.cast_signed())).collect();
        let length = codes.iter().map(|x| x * x).sum::<f32>().sqrt();
        codes.iter().map(|code| code / length).collect()
    };
    Some(rows.chunks_exact(dimensions).map(unit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_text_of_a_known_source() {
        let known = ["bitext", "clinc150", "hwu64", "natural-questions", "wikipedia"];
        for BackgroundText { source, text } in background_texts() {
            assert!(known.contains(&source), "{source}");
            assert!(Text::try_from(text).is_ok(), "{text:?}");
        }
        assert_eq!(background_texts().count(), TEXTS.lines().count());
    }
}
