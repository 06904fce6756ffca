//! What changed between two reports, on the samples that both have.
//!
//! The same samples were asked twice, so what counts is how many came out otherwise, and not how
//! wide each report's own intervals are: those two may overlap where the difference is sure.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::auroc::{below, of_sorted, sorted};
use super::share::Z;
use super::{Judged, Report};
use crate::name::RouteName;
use crate::text::Text;

/// Two reports side by side. All numbers are of the samples that are in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Samples that are in both, with the same intent.
    pub common: usize,
    /// Samples that only the report before has.
    pub only_before: usize,
    /// Samples that only the report after has.
    pub only_after: usize,
    /// As [`Report::accuracy`].
    pub accuracy: Option<Difference>,
    /// As [`Report::coverage`].
    pub coverage: Option<Difference>,
    /// As [`Report::forced_accuracy`].
    pub forced_accuracy: Option<Difference>,
    /// As [`OutOfScope::accepted`](super::OutOfScope).
    pub out_of_scope_accepted: Option<Difference>,
    /// As [`OutOfScope::auroc`](super::OutOfScope).
    pub auroc: Option<Difference>,
    /// As [`Report::macro_f1`].
    pub macro_f1: Option<Pair>,
    /// As [`OutOfScope::fpr95`](super::OutOfScope).
    pub fpr95: Option<Pair>,
    /// As [`Reliability::ece`](super::Reliability).
    pub ece: Option<Pair>,
    /// As [`RiskCoverage::aurc`](super::RiskCoverage).
    pub aurc: Option<Pair>,
    /// The samples that went elsewhere: broken ones first, then those that were wrong and are wrong in
    /// another way, then those that were mended.
    pub changed: Vec<ChangedSample>,
}

/// A number before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pair {
    /// The number before.
    pub before: f64,
    /// The number after.
    pub after: f64,
    /// What came to it.
    pub difference: f64,
}

/// A number before and after, and what the difference is known to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Difference {
    /// The number before.
    pub before: f64,
    /// The number after.
    pub after: f64,
    /// What came to it.
    pub difference: f64,
    /// The 95 % interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How likely chance alone makes a difference like this; of a share by McNemar's exact test,
    /// of an AUROC by the normal distribution. Null where that cannot be told.
    pub p: Option<f64>,
}

/// A sample that went elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChangedSample {
    /// Its text.
    pub text: Text,
    /// Where it belongs; null if to no route.
    pub expected: Option<RouteName>,
    /// Where it went before; null if nowhere.
    pub before: Option<RouteName>,
    /// Where it went after.
    pub after: Option<RouteName>,
    /// What that means.
    pub kind: ChangeKind,
}

/// What it means that a sample went elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was right, and is wrong.
    Broken,
    /// It was wrong, and is wrong in another way.
    Moved,
    /// It was wrong, and is right.
    Mended,
}

/// One sample in both reports.
type Both<'a> = (&'a Judged, &'a Judged);

impl Comparison {
    /// What changed from the report `before` to the report `after`.
    #[must_use]
    pub fn new(before: &Report, after: &Report) -> Self {
        let key = |sample: &Judged| (sample.text.clone(), sample.expected.clone());
        let known: HashMap<_, _> =
            before.samples.iter().map(|sample| (key(sample), sample)).collect();
        let both: Vec<Both<'_>> = after
            .samples
            .iter()
            .filter_map(|sample| Some((*known.get(&key(sample))?, sample)))
            .collect();
        let common: HashMap<_, ()> = both.iter().map(|(_, sample)| (key(sample), ())).collect();
        let only = |report: &Report| report.only(|sample| common.contains_key(&key(sample)));
        let reports = only(before).zip(only(after));
        let pair = |of: &dyn Fn(&Report) -> Option<f64>| {
            let (before, after) = reports.as_ref()?;
            Some(Pair::new(of(before)?, of(after)?))
        };
        let share = |in_scope: bool, is: &dyn Fn(&Judged) -> bool| share(&both, in_scope, is);
        let scope = |report: &Report| report.out_of_scope;
        Self {
            common: both.len(),
            only_before: before.samples.len() - both.len(),
            only_after: after.samples.len() - both.len(),
            accuracy: share(true, &|sample| sample.right),
            coverage: share(true, &|sample| sample.got.is_some()),
            forced_accuracy: share(true, &Judged::first_is_right),
            out_of_scope_accepted: share(false, &|sample| sample.got.is_some()),
            auroc: auroc_difference(&both),
            macro_f1: pair(&|report| report.macro_f1),
            fpr95: pair(&|report| Some(scope(report)?.fpr95?.value)),
            ece: pair(&|report| Some(report.reliability.ece)),
            aurc: pair(&|report| Some(report.risk_coverage.aurc)),
            changed: changed(&both),
        }
    }
}

impl Pair {
    /// Of two numbers.
    #[must_use]
    pub fn new(before: f64, after: f64) -> Self {
        Self { before, after, difference: after - before }
    }
}

fn changed(both: &[Both<'_>]) -> Vec<ChangedSample> {
    let elsewhere = both.iter().filter(|(before, after)| before.got != after.got);
    let mut changed: Vec<ChangedSample> = elsewhere
        .map(|(before, after)| ChangedSample {
            text: after.text.clone(),
            expected: after.expected.clone(),
            before: before.got.clone(),
            after: after.got.clone(),
            kind: match (before.right, after.right) {
                (true, _) => ChangeKind::Broken,
                (false, true) => ChangeKind::Mended,
                (false, false) => ChangeKind::Moved,
            },
        })
        .collect();
    // Stable: within a kind as the report has them.
    changed.sort_by_key(|sample| sample.kind);
    changed
}

/// The difference of two shares of the same samples, of which `is` decides for each.
fn share(both: &[Both<'_>], in_scope: bool, is: &dyn Fn(&Judged) -> bool) -> Option<Difference> {
    let (mut all, mut before, mut after, mut lost, mut gained) = (0_usize, 0, 0, 0, 0);
    for (old, new) in both.iter().filter(|(old, _)| old.is_in_scope() == in_scope) {
        let (was, is) = (is(old), is(new));
        all += 1;
        before += usize::from(was);
        after += usize::from(is);
        lost += u32::from(was && !is);
        gained += u32::from(!was && is);
    }
    if all == 0 {
        return None;
    }
    let n = all as f64;
    let Pair { before, after, difference } = Pair::new(before as f64 / n, after as f64 / n);
    // Bonett and Price (2012): as if one more sample had been lost and one more gained. Without
    // them the interval has no width where nothing changed.
    let (up, down) = (f64::from(gained + 1) / (n + 2.0), f64::from(lost + 1) / (n + 2.0));
    let half = Z * ((up + down - (up - down).powi(2)) / (n + 2.0)).sqrt();
    let (low, high) = ((up - down - half).max(-1.0), (up - down + half).min(1.0));
    let p = Some(mcnemar(lost, gained));
    Some(Difference { before, after, difference, low, high, p })
}

/// How likely a fair coin falls at least as unevenly, on both sides.
fn mcnemar(lost: u32, gained: u32) -> f64 {
    let (n, few) = (lost + gained, lost.min(gained));
    // By logarithms: 2 to the minus n alone is nothing in an f64 beyond a thousand.
    let mut term = -f64::from(n) * std::f64::consts::LN_2;
    let mut tail = term.exp();
    for k in 1..=few {
        term += (f64::from(n - k + 1) / f64::from(k)).ln();
        tail += term.exp();
    }
    (2.0 * tail).min(1.0)
}

/// By DeLong, DeLong and Clarke-Pearson (1988): each sample's share of the AUROC, and how these
/// vary together.
fn auroc_difference(both: &[Both<'_>]) -> Option<Difference> {
    let (inside, outside): (Vec<&Both<'_>>, Vec<&Both<'_>>) =
        both.iter().partition(|(sample, _)| sample.is_in_scope());
    let of = |which: fn(&Both<'_>) -> f64| {
        let take = |of: &[&Both<'_>]| of.iter().map(|both| which(both)).collect::<Vec<f64>>();
        Placed::new(take(&inside), take(&outside))
    };
    let (old, new) = (of(|(old, _)| old.confidence)?, of(|(_, new)| new.confidence)?);
    let Pair { before, after, difference } = Pair::new(old.auroc, new.auroc);
    let variance =
        variance_of_mean(&old.inside, &new.inside)? + variance_of_mean(&old.outside, &new.outside)?;
    let half = Z * variance.sqrt();
    let p = (variance > 0.0).then(|| two_sided(difference / variance.sqrt()));
    let (low, high) = ((difference - half).max(-1.0), (difference + half).min(1.0));
    Some(Difference { before, after, difference, low, high, p })
}

/// An AUROC and what each sample contributes to it.
struct Placed {
    auroc: f64,
    /// Of each sample of a route, the share of the others that it is above.
    inside: Vec<f64>,
    /// Of each sample of none, the share of the others that it is below.
    outside: Vec<f64>,
}

impl Placed {
    fn new(inside: Vec<f64>, outside: Vec<f64>) -> Option<Self> {
        let (all_inside, all_outside) = (sorted(&inside), sorted(&outside));
        let (m, n) = (inside.len() as f64, outside.len() as f64);
        let above = |&confidence: &f64| below(&all_outside, confidence) / n;
        let under = |&confidence: &f64| 1.0 - below(&all_inside, confidence) / m;
        Some(Self {
            auroc: of_sorted(&inside, &all_outside)?,
            inside: inside.iter().map(above).collect(),
            outside: outside.iter().map(under).collect(),
        })
    }
}

/// Of the mean of the differences; none of fewer than two.
fn variance_of_mean(old: &[f64], new: &[f64]) -> Option<f64> {
    if old.len() < 2 {
        return None;
    }
    let n = old.len() as f64;
    let differences = || old.iter().zip(new).map(|(old, new)| new - old);
    let mean = differences().sum::<f64>() / n;
    let squares: f64 = differences().map(|difference| (difference - mean).powi(2)).sum();
    Some(squares / (n - 1.0) / n)
}

/// How likely a standard normal number is at least so far from 0, to seven digits: Abramowitz and
/// Stegun, 26.2.17.
fn two_sided(z: f64) -> f64 {
    let z = z.abs();
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let coefficients =
        [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let sum = coefficients.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (2.0 * density * sum).clamp(0.0, 1.0)
}
