//! A share of samples, and the interval it is known to.

use serde::{Deserialize, Serialize};

/// The normal quantile of a 95 % interval.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// A share, with Wilson's 95 % interval: had one drawn other samples of the same kind, the share
/// would be likely to lie in there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Share {
    /// `count` of `of`, 0 to 1.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How many.
    pub count: usize,
    /// Of how many; never 0.
    pub of: usize,
}

impl Share {
    /// None where there is nothing to have a share of.
    #[must_use]
    pub fn new(count: usize, of: usize) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let n = of as f64;
        let value = count as f64 / n;
        // Wilson's, not the textbook's: that of 20 right ones of 20 would have no width.
        let scale = 1.0 + Z * Z / n;
        let centre = (value + Z * Z / (2.0 * n)) / scale;
        let half = Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
        // Rounding must not push the share out of its own interval.
        let low = (centre - half).clamp(0.0, value);
        let high = (centre + half).clamp(value, 1.0);
        Some(Self { value, low, high, count, of })
    }
}
