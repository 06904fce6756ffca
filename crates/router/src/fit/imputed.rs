//! What stands in for evidence that was not learned yet.

use super::blend::Weights;
use super::corpus::Corpus;
use super::learned::Table;

/// A route that came after the fit has only `nearest`: what the rest of its evidence would be
/// is foretold from that, by a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) at_zero: f64,
    /// Not negative: more `nearest` never counts for less.
    pub(crate) slope: f64,
}

impl Line {
    pub(crate) fn at(&self, nearest: f64) -> f64 {
        self.at_zero + self.slope * nearest
    }

    /// The least squares line of the rest of a sum over `nearest`. Taken from the pairs that
    /// decisions hang on: each text that was held out with its own route, and with the foreign one
    /// that comes nearest.
    pub(super) fn fit(corpus: &Corpus, table: &Table, sum: &Weights) -> Self {
        let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for row in corpus.held_out() {
            let own = corpus.labels[row];
            let nearest = table.nearest.row(row);
            let others = (0..corpus.routes()).filter(|&route| route != own);
            let rival = others.max_by(|&a, &b| nearest[a].total_cmp(&nearest[b]).then(b.cmp(&a)));
            for route in [Some(own), rival].into_iter().flatten() {
                let x = f64::from(nearest[route]);
                let y = table.score(row, route, sum) - x;
                n += 1.0;
                sx += x;
                sy += y;
                sxx += x * x;
                sxy += x * y;
            }
        }
        if n == 0.0 {
            return Self::default();
        }
        let spread = sxx - sx * sx / n;
        let slope = if spread > 1e-9 { ((sxy - sx * sy / n) / spread).max(0.0) } else { 0.0 };
        Self { at_zero: (sy - slope * sx) / n, slope }
    }
}
