//! Why there is nothing to tune.

/// Why routes cannot be learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// Too few routes to tell apart.
    #[error(
        "{found} routes with utterances are too few to learn from, {least} are needed: the model as \
         it is tells them apart as well as it can; `synaptoroute fit` makes the most of it"
    )]
    FewRoutes {
        /// That there are.
        found: usize,
        /// That there must be.
        least: usize,
    },
    /// Too few routes with two utterances.
    #[error(
        "{found} routes have two utterances or more, {least} are needed: what is learned is how \
         utterances of a route are alike; add some"
    )]
    FewPairs {
        /// That there are.
        found: usize,
        /// That there must be.
        least: usize,
    },
    /// The tokenizer library failed.
    #[error("a text cannot be tokenised: {0}")]
    Tokenizer(String),
    /// Asked for more layers than the model has, or none.
    #[error("{found} layers cannot be tuned: the model has {layers}; give 1 to {layers}")]
    Layers {
        /// That were asked for.
        found: usize,
        /// That there are.
        layers: usize,
    },
    /// No steps.
    #[error("no steps to tune with: give at least 1; 100 take a minute or two")]
    NoSteps,
    /// Weights went astray.
    #[error(
        "the loss is no number any more after {steps} steps: nothing was changed; give a smaller rate"
    )]
    Diverged {
        /// That were made.
        steps: usize,
    },
}

impl TuneError {
    /// A text that the tokenizer library failed on.
    #[must_use]
    pub fn tokenizer(error: impl std::fmt::Display) -> Self {
        Self::Tokenizer(error.to_string())
    }
}
