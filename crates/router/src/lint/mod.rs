//! What is doubtful about a set of routes, and what to do about it.
//!
//! Nothing is asked of the reader but the routes themselves: each utterance is taken out and
//! compared with all that is left, as a query would be. So a route shows what it would do with a
//! text like its own that it has not seen.
//!
//! - `finding`: what is told.
//! - `rows`: the texts in an order that only the content decides, so that the order in which they
//!   were added decides nothing; `fold`: which of them are equal but for case and punctuation.
//! - `held_out`: each utterance against the rest, the part that takes time.
//! - one module a kind: `overlap`, `near_duplicates`, `same_text`, `thin`, `mislabelled`,
//!   `thresholds`, `negatives`; and `tuning`, which the snapshot knows nothing of: its owner adds it.
//!
//! It looks at cosines alone, so it finds the same before a fit and after one. It says nothing
//! about texts that are missing: for that, labelled queries are needed.

mod finding;
mod fold;
mod held_out;
mod mislabelled;
mod near_duplicates;
mod negatives;
mod overlap;
mod rows;
mod same_text;
mod thin;
mod thresholds;
mod tuning;

use std::cmp::Reverse;

pub use self::finding::{
    CutKind, Finding, FindingKind, FindingText, LintReport, LintScope, Severity, SimilarUtterance,
    UnreachableCut,
};

pub use self::tuning::LearnedContent;

use self::fold::Folds;
use self::held_out::{HeldOut, hold_out};
use self::rows::Rows;
use crate::confidence::Prior;
use crate::index::Index;
use crate::snapshot::Snapshot;

/// Most pairs of texts that are compared, some 15 seconds' worth on one core of a busy machine
/// with AVX2. Beyond 23,170 texts fewer utterances are held out, evenly spread over the routes,
/// each against all others: the work would grow with the square.
const MAX_PAIRS: usize = 1 << 29;

/// From this cosine on two texts say the same. On public sets what lies above differs by a
/// word such as `please`, or by a number; see `docs/lint.md` for what was measured.
const NEAR_DUPLICATE: f32 = 0.98;

/// With fewer utterances a route misses many of its own, and little can be said of what is usual
/// in it: on CLINC150 five find 86 of 100, one finds 70; see `docs/lint.md`.
const ENOUGH: usize = 5;

/// What the kinds look at.
struct Content<'a> {
    rows: &'a Rows,
    folds: Folds,
    /// Of the utterances that were held out, in the rows' order.
    held_out: Vec<HeldOut>,
    /// Confidence, where it is a function of the score; after a fit it is not.
    prior: Option<Prior>,
    index: &'a Index,
}

impl Snapshot {
    /// Looks for what is doubtful about the routes. `progress` hears of utterances done and of
    /// how many there are; it takes time that grows with the square of the number of texts,
    /// some seven seconds for 15,000 on one core with AVX2, and at most twice that.
    #[must_use]
    pub fn lint(&self, progress: &dyn Fn(usize, usize)) -> LintReport {
        self.lint_within(MAX_PAIRS, progress)
    }

    fn lint_within(&self, max_pairs: usize, progress: &dyn Fn(usize, usize)) -> LintReport {
        let rows = Rows::of(self);
        let judged = rows.spread(max_pairs / rows.len().max(1));
        let content = Content {
            folds: Folds::of(&rows),
            held_out: hold_out(&self.index, &rows, &judged, progress),
            prior: self.fit.is_none().then_some(self.prior),
            index: &self.index,
            rows: &rows,
        };
        let kinds = [
            same_text::find,
            negatives::find,
            thresholds::find,
            overlap::find,
            mislabelled::find,
            thin::find,
            near_duplicates::find,
        ];
        let mut findings: Vec<Finding> = kinds.iter().flat_map(|find| find(&content)).collect();
        // What weighs most comes first; of one kind, what concerns the most texts. The sort is
        // stable, and the kinds go by route.
        findings.sort_by_key(|f| (Reverse(f.severity), f.kind, Reverse(f.count)));
        let checked = LintScope {
            routes: self.route_count(),
            utterances: rows.utterances(),
            held_out: judged.len(),
        };
        LintReport { revision: self.revision, checked, findings }
    }
}

impl Content<'_> {
    /// The utterances of a route that were held out.
    fn of_route(&self, route: usize) -> &[HeldOut] {
        let rows = &self.rows.routes[route].utterances;
        let first = self.held_out.partition_point(|held| held.row < rows.start);
        let end = self.held_out.partition_point(|held| held.row < rows.end);
        &self.held_out[first..end]
    }

    fn cosine(&self, a: usize, b: usize) -> f32 {
        self.index.cosine(&self.rows.row(a).vector, &self.rows.row(b).vector)
    }
}

#[cfg(test)]
mod tests;
