//! Whether: the probability that a text is in scope and the route is right, from one sum of
//! evidence.
//!
//! It rises with that sum, and so with `nearest`: an utterance that is added never makes its
//! own text less likely to match.

/// Confidence is a logistic of the evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Acceptance {
    /// Log-odds a unit of evidence; not negative.
    pub(crate) slope: f64,
    /// The evidence at which confidence is one half.
    pub(crate) middle: f64,
}

/// Something to learn from: evidence, whether the route was right, and how much it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Example {
    pub(super) evidence: f64,
    pub(super) right: bool,
    pub(super) weight: f64,
}

/// Steps of Newton's method; some eight suffice.
const STEPS: usize = 50;

impl Acceptance {
    /// Maximises the likelihood, with targets drawn in from 0 and 1 by one example each, as
    /// Platt did (*Probabilistic outputs for support vector machines*, 1999): few examples that
    /// can be separated do not make it certain.
    pub(super) fn fit(examples: &[Example]) -> Self {
        let count = |right: bool| {
            examples.iter().filter(|e| e.right == right && e.weight > 0.0).count() as f64
        };
        let high = (count(true) + 1.0) / (count(true) + 2.0);
        let low = 1.0 / (count(false) + 2.0);
        let total: f64 = examples.iter().map(|e| e.weight).sum();
        let mean = examples.iter().map(|e| e.weight * e.evidence).sum::<f64>() / total;
        let square =
            examples.iter().map(|e| e.weight * (e.evidence - mean).powi(2)).sum::<f64>() / total;
        let unit = square.sqrt().max(1e-9);
        let x = |e: &Example| (e.evidence - mean) / unit;
        let target = |e: &Example| if e.right { high } else { low };
        let loss = |a: f64, b: f64| {
            let one = |e: &Example| {
                let z = a * x(e) + b;
                e.weight * (softplus(z) - target(e) * z)
            };
            examples.iter().map(one).sum::<f64>()
        };
        let (mut a, mut b) = (1.0, 0.0);
        let mut value = loss(a, b);
        for _ in 0..STEPS {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for e in examples {
                let p = logistic(a * x(e) + b);
                let (residual, curvature) = (e.weight * (p - target(e)), e.weight * p * (1.0 - p));
                ga += residual * x(e);
                gb += residual;
                haa += curvature * x(e) * x(e);
                hab += curvature * x(e);
                hbb += curvature;
            }
            // So much that it can be inverted where nothing is left to learn.
            let (haa, hbb) = (haa + 1e-9 * total, hbb + 1e-9 * total);
            let determinant = haa * hbb - hab * hab;
            let (da, db) =
                ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
            let mut step = 1.0;
            let better = loop {
                let next = (a - step * da, b - step * db);
                let reached = loss(next.0, next.1);
                if reached < value {
                    break Some((next, reached));
                }
                step /= 2.0;
                if step < 1e-6 {
                    break None;
                }
            };
            let Some((next, reached)) = better else { break };
            ((a, b), value) = (next, reached);
        }
        // A negative slope would refuse what is nearest: there is nothing to be learned then
        // but how often the best route is right.
        if a <= 0.0 {
            let share = examples.iter().map(|e| e.weight * target(e)).sum::<f64>() / total;
            return Self { slope: 1e-9, middle: mean - (share / (1.0 - share)).ln() / 1e-9 };
        }
        Self { slope: a / unit, middle: mean - b * unit / a }
    }

    /// Confidence at this evidence.
    pub(crate) fn confidence(&self, evidence: f64) -> f64 {
        logistic(self.slope * (evidence - self.middle))
    }

    /// The evidence from which on confidence is at least this; infinite at the ends.
    pub(crate) fn evidence(&self, confidence: f64) -> f64 {
        self.middle + (confidence / (1.0 - confidence)).ln() / self.slope
    }
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// ln(1 + e^z) without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_curve_that_made_the_examples() {
        let truth = Acceptance { slope: 8.0, middle: 0.7 };
        let examples: Vec<Example> = (0..2000)
            .flat_map(|i| {
                let evidence = f64::from(i) / 2000.0 * 1.6;
                let p = truth.confidence(evidence);
                [(true, p), (false, 1.0 - p)].map(|(right, weight)| Example {
                    evidence,
                    right,
                    weight,
                })
            })
            .collect();
        let found = Acceptance::fit(&examples);
        assert!((found.slope - 8.0).abs() < 0.1 && (found.middle - 0.7).abs() < 0.01, "{found:?}");
        let at = found.evidence(0.8);
        assert!((found.confidence(at) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn what_can_be_separated_stays_unsure() {
        let example = |evidence, right| Example { evidence, right, weight: 1.0 };
        let found = Acceptance::fit(&[example(0.9, true), example(0.8, true), example(0.3, false)]);
        assert!(found.slope.is_finite() && found.confidence(0.9) < 0.9, "{found:?}");
    }

    #[test]
    fn evidence_that_speaks_the_wrong_way_is_not_believed() {
        let example = |evidence, right| Example { evidence, right, weight: 1.0 };
        let found = Acceptance::fit(&[example(0.9, false), example(0.3, true), example(0.2, true)]);
        assert!(found.slope >= 0.0);
        assert!((found.confidence(0.9) - found.confidence(0.1)).abs() < 1e-6, "{found:?}");
    }
}
