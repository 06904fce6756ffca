//! Memory that a search uses and the thread's next one uses again.
//!
//! Four bytes a row: asked of the system for every query, they would cost a search of a
//! million rows a page fault each thousand.

use std::cell::Cell;

use super::Bounded;

/// Of one search at a time.
#[derive(Default)]
pub(super) struct Scratch {
    /// Of every place of every segment, in order.
    pub(super) bounds: Vec<f32>,
    /// Of every group.
    pub(super) highest: Vec<f32>,
    /// Of every group whose rows were asked for.
    pub(super) gathered: Vec<Option<Vec<Bounded>>>,
    /// Groups whose rows are being looked for; none between two passes.
    pub(super) wanted: Vec<bool>,
}

thread_local! {
    static KEPT: Cell<Option<Scratch>> = const { Cell::new(None) };
}

impl Scratch {
    /// The thread's, or a new one if that is in use.
    pub(super) fn take() -> Self {
        KEPT.take().unwrap_or_default()
    }

    /// Forgets what was in it.
    pub(super) fn reset(&mut self, groups: usize) {
        self.bounds.clear();
        self.highest.clear();
        self.highest.resize(groups, f32::NEG_INFINITY);
        self.gathered.clear();
        self.gathered.resize_with(groups, || None);
        self.wanted.clear();
        self.wanted.resize(groups, false);
    }

    /// Leaves it to the thread's next search.
    pub(super) fn give_back(self) {
        // A thread that is ending keeps nothing.
        let _ended = KEPT.try_with(|kept| kept.set(Some(self)));
    }
}
