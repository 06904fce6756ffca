//! A fit as it is kept in a database and in a routes file: JSON, numbers of f32 in base64.
//!
//! Every number comes back with the bits it had.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::acceptance::Acceptance;
use super::blend::Weights;
use super::head::Head;
use super::imputed::Line;
use super::learned::Learned;
use super::lexical::{Lexicon, Vocabulary};
use super::matrix::Matrix;
use super::spelling::Spelling;
use super::{Fit, FitPlan, FittedRoute};
use crate::file::FileFit;
use crate::name::RouteName;
use crate::revision::Revision;
use crate::threshold::Cut;

/// The only layout so far.
const VERSION: u32 = 1;

/// What cannot be read as a fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitFileError {
    /// It is of a later version of this program.
    #[error("the fit has layout {found}, and this version reads {VERSION}: fit again, or update")]
    Version {
        /// The layout.
        found: u32,
    },
    /// It was learned from another model's vectors.
    #[error("it was learned from the vectors of another model ({found}): use that one")]
    ForeignModel {
        /// The fingerprint of that model.
        found: String,
    },
    /// It is no fit.
    #[error("the fit cannot be read: {0}; fit again")]
    Broken(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    revision: Revision,
    inputs: String,
    plan: FitPlan,
    texts: String,
    routes: Vec<WireRoute>,
    dimensions: usize,
    head: Floats,
    biases: Floats,
    centroids: Floats,
    features: Words,
    idf: Floats,
    starts: Words,
    lexicon_routes: Words,
    lexicon_weights: Floats,
    #[serde(default)]
    words: Vec<(String, u32)>,
    score: [f64; 3],
    sum: [f64; 3],
    score_line: [f64; 2],
    sum_line: [f64; 2],
    slope: f64,
    middle: f64,
    calibrated: bool,
    cut: Cut,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoute {
    name: RouteName,
    texts: Hashes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<Cut>,
}

/// Numbers as bytes, least first.
macro_rules! packed {
    ($name:ident, $number:ty) => {
        pub(super) struct $name(pub(super) Vec<$number>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let bytes: Vec<u8> =
                    self.0.iter().flat_map(|number| number.to_le_bytes()).collect();
                to.serialize_str(&STANDARD.encode(bytes))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                let bytes = STANDARD.decode(text).map_err(de::Error::custom)?;
                let (numbers, rest) = bytes.as_chunks();
                if !rest.is_empty() {
                    return Err(de::Error::custom("bytes that are no whole number"));
                }
                Ok(Self(numbers.iter().map(|&bytes| <$number>::from_le_bytes(bytes)).collect()))
            }
        }
    };
}

impl Floats {
    /// An infinity or a NaN would reach a confidence, and no cut refuses a NaN.
    pub(super) fn are_numbers(&self) -> bool {
        self.0.iter().all(|number| number.is_finite())
    }
}

packed!(Floats, f32);
packed!(Words, u32);
packed!(Hashes, u64);

impl FileFit {
    /// The fit, for vectors of this model and width.
    ///
    /// # Errors
    ///
    /// It was learned from another model's, or is none.
    pub fn read(&self, model: &str, dimensions: usize) -> Result<Fit, FitFileError> {
        if self.model != model {
            return Err(FitFileError::ForeignModel { found: self.model.clone() });
        }
        Fit::from_json(&self.data, dimensions)
    }
}

impl Fit {
    /// For a routes file; `model` is the fingerprint of the model whose vectors it was learned from.
    #[must_use]
    pub fn to_file(&self, model: String) -> FileFit {
        FileFit { model, data: self.to_json() }
    }

    /// The same, as what was made from the content of this revision.
    #[must_use]
    pub fn at(self, revision: Revision) -> Self {
        Self { revision, ..self }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Learned { head, centroids, vocabulary, lexicon } = &self.learned;
        let weights = |weights: &Weights| [weights.centroid, weights.head, weights.lexical];
        let line = |line: &Line| [line.at_zero, line.slope];
        let (features, idf) = vocabulary.parts();
        let (starts, routes, lexicon_weights) = lexicon.parts();
        let wire = Wire {
            version: VERSION,
            revision: self.revision,
            inputs: self.inputs.clone(),
            plan: self.plan.clone(),
            texts: self.texts.to_string(),
            routes: self
                .routes
                .iter()
                .map(|route| WireRoute {
                    name: route.name.clone(),
                    texts: Hashes(route.texts.clone()),
                    cut: route.cut,
                })
                .collect(),
            dimensions: centroids.columns,
            head: Floats(head.weights.data.clone()),
            biases: Floats(head.biases.clone()),
            centroids: Floats(centroids.data.clone()),
            features: Words(features.to_vec()),
            idf: Floats(idf.to_vec()),
            starts: Words(starts.to_vec()),
            lexicon_routes: Words(routes.iter().map(|&route| route.into()).collect()),
            lexicon_weights: Floats(lexicon_weights.to_vec()),
            words: self.spelling.to_parts(),
            score: weights(&self.score),
            sum: weights(&self.sum),
            score_line: line(&self.score_line),
            sum_line: line(&self.sum_line),
            slope: self.acceptance.slope,
            middle: self.acceptance.middle,
            calibrated: self.calibrated,
            cut: self.cut,
        };
        serde_json::to_string(&wire).expect("a fit is numbers and names")
    }

    /// What [`Fit::to_json`] wrote, for vectors of this width.
    ///
    /// # Errors
    ///
    /// It is none, one for other vectors, or its parts do not fit together.
    pub fn from_json(json: &str, dimensions: usize) -> Result<Self, FitFileError> {
        let broken = |what: &str| FitFileError::Broken(what.to_owned());
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } =
            serde_json::from_str(json).map_err(|error| FitFileError::Broken(error.to_string()))?;
        if version != VERSION {
            return Err(FitFileError::Version { found: version });
        }
        let wire: Wire =
            serde_json::from_str(json).map_err(|error| FitFileError::Broken(error.to_string()))?;
        if wire.dimensions != dimensions {
            return Err(broken("it is for vectors of another width"));
        }
        let routes = wire.routes.len();
        let matrix = |floats: Floats| {
            let fits = floats.0.len() == routes * dimensions;
            let matrix = Matrix { rows: routes, columns: dimensions, data: floats.0 };
            fits.then_some(matrix).ok_or_else(|| broken("a matrix is not as large as it should be"))
        };
        if wire.biases.0.len() != routes {
            return Err(broken("there is not one bias a route"));
        }
        if !wire.routes.is_sorted_by(|a, b| a.name < b.name)
            || !wire.routes.iter().all(|route| route.texts.0.is_sorted())
        {
            return Err(broken("its routes are not in order"));
        }
        let floats = [&wire.head, &wire.biases, &wire.centroids, &wire.idf, &wire.lexicon_weights];
        let numbers =
            wire.score.iter().chain(&wire.sum).chain(&wire.score_line).chain(&wire.sum_line);
        if !numbers.chain([&wire.slope, &wire.middle]).all(|number| number.is_finite())
            || !floats.into_iter().all(Floats::are_numbers)
            || wire.slope < 0.0
            || wire.score_line[1] < 0.0
            || wire.sum_line[1] < 0.0
        {
            return Err(broken("one of its numbers cannot be"));
        }
        let weights = |[centroid, head, lexical]: [f64; 3]| Weights { centroid, head, lexical };
        let line = |[at_zero, slope]: [f64; 2]| Line { at_zero, slope };
        let vocabulary = Vocabulary::from_parts(wire.features.0, wire.idf.0)
            .ok_or_else(|| broken("its vocabulary is not in order"))?;
        let lexicon = Lexicon::from_parts(
            &vocabulary,
            wire.starts.0,
            &wire.lexicon_routes.0,
            wire.lexicon_weights.0,
            routes,
        )
        .ok_or_else(|| broken("its lexicon names what is not there"))?;
        Ok(Self {
            revision: wire.revision,
            inputs: wire.inputs,
            plan: wire.plan,
            texts: wire.texts.parse().map_err(|_| broken("its digest is none"))?,
            learned: Learned {
                head: Head { weights: matrix(wire.head)?, biases: wire.biases.0 },
                centroids: matrix(wire.centroids)?,
                vocabulary,
                lexicon,
            },
            spelling: Spelling::from_parts(wire.words)
                .ok_or_else(|| broken("its words are not in order"))?,
            routes: wire
                .routes
                .into_iter()
                .map(|route| FittedRoute { name: route.name, texts: route.texts.0, cut: route.cut })
                .collect(),
            score: weights(wire.score),
            sum: weights(wire.sum),
            score_line: line(wire.score_line),
            sum_line: line(wire.sum_line),
            acceptance: Acceptance { slope: wire.slope, middle: wire.middle },
            calibrated: wire.calibrated,
            cut: wire.cut,
        })
    }
}
