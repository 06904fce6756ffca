//! Quantisation of rows, by one thread or by all.
//!
//! A row's range must be known before its first element is rounded. Where threads share few
//! rows, each looks for the range of the columns it has just computed, and rounds them once
//! all have: so the reals, four times as many bytes as the codes, never leave their core.

use std::ops::Range;

use super::{Kernels, check_balance, checked_width};
use crate::crew::{FEW_ROWS, RowsMut, SharedMut, Team, most_parts, parts_of, share};
use crate::isa::ActivationWidth;
use crate::quantise::{self, Balance, RowScale, Rule};
use crate::simd::LANES;

/// How [`Kernels::quantise`] goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Quantisation<'a> {
    /// Of the codes.
    pub width: ActivationWidth,
    /// Applied first, where given.
    pub balance: Option<Balance<'a>>,
    /// Channels at a row's beginning that are left out, a multiple of 16: they do not widen
    /// the range, and their codes are 0.
    pub skip: usize,
}

/// Where the codes of an operation's outcome go.
#[derive(Debug)]
pub struct Quantised<'a> {
    /// Without a balance.
    pub how: Quantisation<'a>,
    /// `[rows][columns]`
    pub codes: &'a mut [u8],
    /// `[rows]`
    pub scales: &'a mut [RowScale],
    /// Working memory.
    pub ranges: &'a mut RangeScratch,
}

/// Working memory of [`Quantised`]; grow it before the first use.
#[derive(Debug, Default)]
pub struct RangeScratch(Vec<quantise::Range>);

impl RangeScratch {
    /// Makes room for `threads` threads that share so many rows.
    pub fn grow(&mut self, threads: usize, rows: usize) {
        let len = most_parts(threads) * rows.min(FEW_ROWS);
        if self.0.len() < len {
            self.0.resize(len, quantise::Range::default());
        }
    }

    /// `[parts][rows]`, of no more rows than there is room for.
    pub(super) fn of(&mut self, parts: &ColumnParts, rows: usize) -> &mut [quantise::Range] {
        let len = parts.count() * rows;
        assert!(len <= self.0.len(), "room for {} ranges, not {len}", self.0.len());
        &mut self.0[..len]
    }
}

/// How the columns of a matrix are shared out.
#[derive(Clone, Copy)]
pub(super) struct ColumnParts {
    count: usize,
    units: usize,
    /// Columns of a unit: what is not parted.
    unit: usize,
}

impl ColumnParts {
    /// For so many rows.
    pub(super) fn new(team: &Team<'_>, rows: usize, units: usize, unit: usize) -> Self {
        let count = parts_of(team.size(), rows).min(units);
        Self { count, units, unit }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn units(&self, part: usize) -> Range<usize> {
        share(self.units, self.count, part)
    }

    fn columns(&self, part: usize) -> Range<usize> {
        let Range { start, end } = self.units(part);
        start * self.unit..end * self.unit
    }

    /// Whether to quantise by columns, or else by rows.
    pub(super) fn are_worth_it(&self, rows: usize) -> bool {
        self.count > 1 && rows <= FEW_ROWS
    }
}

impl Kernels {
    /// Quantises rows of `columns`.
    ///
    /// # Panics
    ///
    /// If the width is no multiple of 16 or shapes disagree.
    pub fn quantise(
        &self,
        rows: &[f32],
        columns: usize,
        how: &Quantisation<'_>,
        codes: &mut [u8],
        scales: &mut [RowScale],
    ) {
        let columns = checked_width(columns);
        assert_eq!(rows.len(), scales.len() * columns, "rows of {columns}");
        assert_eq!(codes.len(), rows.len(), "codes");
        assert!(how.skip.is_multiple_of(LANES) && how.skip < columns, "skip {}", how.skip);
        if let Some(balance) = &how.balance {
            check_balance(balance, columns);
        }
        let rule = Rule { balance: how.balance, skip: how.skip, limit: how.width.limit() };
        let rows = rows.chunks_exact(columns).zip(codes.chunks_exact_mut(columns));
        for ((row, codes), scale) in rows.zip(scales) {
            // SAFETY: the features were checked when `self` was made.
            *scale = unsafe { (self.table.quantise)(row, &rule, codes) };
        }
    }

    /// [`Kernels::quantise`] by a team, row by row.
    pub(super) fn quantise_rows(
        &self,
        team: &mut Team<'_>,
        from: &[f32],
        columns: usize,
        to: Quantised<'_>,
    ) {
        let Quantised { how, codes, scales, .. } = to;
        let rows = RowsMut { reals: &mut [], codes, scales };
        team.rows(rows.scales.len(), rows, |range, rows| {
            let from = &from[range.start * columns..range.end * columns];
            self.quantise(from, columns, &how, rows.codes, rows.scales);
        });
    }

    /// The ranges of a part's columns, for [`Kernels::quantise_columns`].
    ///
    /// # Safety
    ///
    /// Nobody else uses these columns of `rows`, `columns` wide, nor the part's of `found`.
    pub(super) unsafe fn find_ranges(
        &self,
        parts: &ColumnParts,
        part: usize,
        skip: usize,
        columns: usize,
        rows: &SharedMut<'_, f32>,
        found: &SharedMut<'_, quantise::Range>,
    ) {
        let count = found.len() / parts.count();
        let Range { start, end } = parts.columns(part);
        let start = start.max(skip);
        // SAFETY: the caller's contract; the features were checked when `self` was made.
        unsafe {
            for (row, found) in found.part(part * count..(part + 1) * count).iter_mut().enumerate()
            {
                let row = rows.part(row * columns + start..row * columns + end);
                *found = (self.table.range)(row);
            }
        }
    }

    /// Quantises rows whose ranges were found, part by part.
    pub(super) fn quantise_columns(
        &self,
        team: &mut Team<'_>,
        parts: &ColumnParts,
        from: &[f32],
        columns: usize,
        to: Quantised<'_>,
    ) {
        let Quantised { how, codes, scales, ranges } = to;
        let count = scales.len();
        assert!(how.balance.is_none(), "what is quantised by columns is balanced already");
        assert_eq!(from.len(), count * columns, "rows of {columns}");
        assert_eq!(codes.len(), from.len(), "codes");
        assert!(how.skip.is_multiple_of(LANES) && how.skip < parts.columns(0).end, "skip");
        let ranges = &*ranges.of(parts, count);
        let (codes, scales) = (SharedMut::new(codes), SharedMut::new(scales));
        let (kernels, parts) = (*self, *parts);
        team.run(parts.count(), move |_, part| {
            let Range { start, end } = parts.columns(part);
            let skip = start.max(how.skip);
            for row in 0..count {
                let found = ranges[row..].iter().step_by(count);
                let range = found.fold(quantise::Range::default(), |a, b| a.union(*b));
                let at = row * columns;
                // SAFETY: each part has columns of its own, and one of them the scales; the
                // features were checked when `self` was made.
                unsafe {
                    codes.part(at + start..at + skip).fill(0);
                    let codes = codes.part(at + skip..at + end);
                    let from = &from[at + skip..at + end];
                    let scale =
                        (kernels.table.quantise_within)(from, range, how.width.limit(), codes);
                    if part == 0 {
                        scales.part(row..row + 1)[0] = scale;
                    }
                }
            }
        });
    }
}
