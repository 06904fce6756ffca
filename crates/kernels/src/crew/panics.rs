//! Panics of parts, kept until all parts are done.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The first panic of several. What others carried is leaked: dropping it could panic again,
/// and unwind from under threads that still work.
#[derive(Default)]
pub(super) struct Panics(Option<Box<dyn Any + Send>>);

impl Panics {
    /// Runs a part.
    pub(super) fn catch(&mut self, part: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(part)) {
            self.add(Self(Some(panic)));
        }
    }

    pub(super) fn add(&mut self, others: Self) {
        match &self.0 {
            None => self.0 = others.0,
            Some(_) => mem::forget(others),
        }
    }

    /// Panics again, if there was one. Call it when nobody works any more.
    pub(super) fn resume(self) {
        if let Some(panic) = self.0 {
            resume_unwind(panic);
        }
    }
}
