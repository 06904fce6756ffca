//! When helpers are worth waiting for.
//!
//! A helper that another process keeps from running holds up the caller, who waits for the
//! part it has taken. Rarely is no harm; often would be felt in the slowest percent of passes.

/// What one late pass costs; each pass in time pays back 1. So one in 128 may be late for
/// ever, which leaves the 99th percentile alone.
const COST: usize = 128;
/// What a pass costs before which a helper was in its leader's way: that holds up the leader
/// for tens of microseconds, and happens often where queries are rare and a helper has to be
/// woken for each.
const SMALL_COST: usize = 4;
/// Debt above which helpers stay away for a while: a few late passes in a row are bad luck.
const LIMIT: usize = 4 * COST;
/// Passes of the first such break.
const FIRST_BREAK: usize = 512;
/// The break doubles each time, up to this.
const LONGEST_BREAK: usize = 8192;

/// A caller's patience with its helpers.
#[derive(Debug)]
pub(super) struct Patience {
    debt: usize,
    /// Passes left of a break.
    on_break: usize,
    next_break: usize,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { debt: 0, on_break: 0, next_break: FIRST_BREAK }
    }

    /// Counts a pass; says whether helpers may share it.
    pub(super) fn begin(&mut self) -> bool {
        if self.on_break > 0 {
            self.on_break -= 1;
            return false;
        }
        self.debt = self.debt.saturating_sub(1);
        if self.debt == 0 {
            self.next_break = FIRST_BREAK;
        }
        true
    }

    /// Helpers held up this pass.
    pub(super) fn late(&mut self) {
        self.charge(COST);
    }

    /// A helper was in the way.
    pub(super) fn in_the_way(&mut self) {
        self.charge(SMALL_COST);
    }

    fn charge(&mut self, cost: usize) {
        if self.on_break > 0 {
            return;
        }
        self.debt += cost;
        if self.debt > LIMIT {
            // The debt stays: helpers that are late again go again at once.
            self.debt = LIMIT;
            self.on_break = self.next_break;
            self.next_break = (2 * self.next_break).min(LONGEST_BREAK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_BREAK, LIMIT, LONGEST_BREAK, Patience};

    /// Late passes among `passes`, if helpers are late in every `every`th they share.
    fn late_passes(patience: &mut Patience, passes: usize, every: usize) -> usize {
        let (mut shared, mut late) = (0, 0);
        for _ in 0..passes {
            if patience.begin() {
                shared += 1;
                if shared % every == 0 {
                    patience.late();
                    late += 1;
                }
            }
        }
        late
    }

    #[test]
    fn helpers_that_are_often_late_cost_less_than_a_percent() {
        for every in [1, 2, 3, 10, 50, 120] {
            let late = late_passes(&mut Patience::new(), 20_000, every);
            assert!(late <= 20_000 / 100, "{late} late, one in {every}");
        }
    }

    #[test]
    fn helpers_that_are_rarely_late_stay() {
        let mut patience = Patience::new();
        let late = late_passes(&mut patience, 100_000, 200);
        assert_eq!(late, 100_000 / 200);
    }

    #[test]
    fn a_quiet_while_is_rewarded() {
        let mut patience = Patience::new();
        late_passes(&mut patience, 30_000, 1);
        assert_eq!(patience.next_break, LONGEST_BREAK);
        while !patience.begin() {}
        (0..=LIMIT).for_each(|_| assert!(patience.begin()));
        assert_eq!(patience.next_break, FIRST_BREAK);
    }
}
