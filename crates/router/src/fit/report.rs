//! What a fit tells of itself.

use serde::{Deserialize, Serialize};

use super::Fit;
use super::objective::Objective;
use super::options::EvidenceSet;
use crate::evaluation::Share;
use crate::name::RouteName;
use crate::revision::Revision;

/// How a rule does on texts that were held out; a share of nothing is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FitQuality {
    /// In scope: the best route is the right one, accepted or not.
    pub right_route: Option<Share>,
    /// In scope: answered by the right route.
    pub accuracy: Option<Share>,
    /// In scope: answered by any route.
    pub kept: Option<Share>,
    /// Out of scope: answered all the same. Of background texts, and of utterances whose
    /// routes were held out as wholes; of samples where there are any.
    pub false_accept: Option<Share>,
    /// Mean over routes of the harmonic mean of precision and recall.
    pub macro_f1: f64,
    /// What the objective makes of it; more is better. Below 0 if a promised bound is missed.
    pub objective: f64,
}

/// How much a kind of evidence counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceWeight {
    /// `nearest`, `centroid`, `head` or `lexical`.
    pub evidence: String,
    /// Of the score, per unit of that evidence.
    pub weight: f64,
    /// The share of the score's differences that comes from it, 0 to 1.
    pub share: f64,
}

/// Why nothing was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unfitted {
    /// There are fewer than two routes, and no samples.
    FewRoutes,
    /// Too few utterances can be held out, and there are too few samples.
    FewUtterances,
    /// More routes than a fit takes on.
    ManyRoutes,
}

impl Unfitted {
    /// A sentence that says what would help.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::FewRoutes => {
                "decided by the nearest utterances alone: there are fewer than two routes; add \
                 another, or give labelled samples"
            }
            Self::FewUtterances => {
                "decided by the nearest utterances alone: fewer than ten utterances can be held \
                 out; add some to routes, or give labelled samples"
            }
            Self::ManyRoutes => {
                "decided by the nearest utterances alone: there are more routes than a fit takes \
                 on (some 3,100); split them into namespaces"
            }
        }
    }
}

/// What a fit found, and whether it is better.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FitReport {
    /// The content it was made from.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub revision: Revision,
    /// The SHA-256 of all that it was made from, 64 hex digits: the same inputs, the same fit.
    pub inputs: String,
    /// Why nothing was fitted; null where something was.
    pub unfitted: Option<Unfitted>,
    /// What cuts were chosen for.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "max_false_accept=0.05"))]
    pub objective: Objective,
    /// What was allowed to count besides `nearest`.
    pub allowed: EvidenceSet,
    /// Routes that were learned.
    pub routes: usize,
    /// Utterances that were learned from.
    pub utterances: usize,
    /// Parts of the cross-validation.
    pub folds: usize,
    /// Labelled samples in scope.
    pub samples_in_scope: usize,
    /// Labelled samples that belong to no route.
    pub samples_out_of_scope: usize,
    /// Texts of the built-in background set that do not look in scope.
    pub background: usize,
    /// How much each kind of evidence counts.
    pub evidence: Vec<EvidenceWeight>,
    /// The head's inverse regularisation.
    pub strength: f64,
    /// The global cut on confidence.
    pub threshold: f64,
    /// Cuts of single routes, where cross-validation said that they help.
    pub route_thresholds: Vec<RouteThreshold>,
    /// The rule as it was, on the very same held-out texts; null where nothing was fitted.
    pub before: Option<FitQuality>,
    /// The rule that was fitted, cross-validated: no text is judged by what learned from it.
    pub after: Option<FitQuality>,
    /// Whether it is in force now.
    pub installed: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl FitReport {
    /// What there is to tell of a fit that came in a routes file.
    #[must_use]
    pub fn of_import(fit: &Fit) -> Self {
        let samples = &fit.plan().samples;
        let in_scope = samples.iter().filter(|sample| sample.intent.is_some()).count();
        Self {
            revision: fit.revision(),
            inputs: fit.inputs().to_owned(),
            objective: fit.plan().objective,
            allowed: fit.plan().evidence,
            routes: fit.routes.len(),
            samples_in_scope: in_scope,
            samples_out_of_scope: samples.len() - in_scope,
            threshold: fit.threshold().get(),
            route_thresholds: fit.route_thresholds(),
            installed: true,
            reason: Some("it came in a routes file".to_owned()),
            ..Self::default()
        }
    }
}

/// A cut of a single route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteThreshold {
    /// The route.
    pub route: RouteName,
    /// Its cut on confidence.
    pub threshold: f64,
}
