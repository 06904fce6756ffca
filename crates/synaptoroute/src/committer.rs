//! Many writers, one commit.
//!
//! A commit waits for the disk, a thousand times longer than a change takes to be made. So
//! whoever comes while nobody commits does so at once, on its own thread; whoever comes in
//! the meantime waits, and the next commit takes all that wait. There is no thread between:
//! a lone writer hands nothing over and waits for nobody.

use std::sync::{Arc, PoisonError};

use crate::sync::{Condvar, Mutex, MutexGuard, lock};

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

/// Serialises access to a `W` (what commits), and hands it requests in batches.
pub(crate) struct Committer<W, Request, Reply> {
    line: Mutex<Line<Request, Reply>>,
    worker: Mutex<W>,
}

struct Line<Request, Reply> {
    waiting: Vec<(Request, Arc<Slot<Reply>>)>,
    /// Whether somebody is at work; he takes over who waits, or leaves the lead to him.
    led: bool,
}

/// Where a waiting writer finds out how it went on.
struct Slot<Reply> {
    news: Mutex<Option<News<Reply>>>,
    changed: Condvar,
}

enum News<Reply> {
    /// Its request is done.
    Done(Reply),
    /// It is to commit what waits, its own request with the others.
    Lead,
    /// Whoever was to commit it panicked.
    Lost,
}

/// The commit of a request was cut short by a panic: nothing is known of it.
#[derive(Debug)]
pub(crate) struct Lost;

impl<W, Request, Reply> Committer<W, Request, Reply> {
    pub(crate) fn new(worker: W) -> Self {
        let line = Line { waiting: Vec::new(), led: false };
        Self { line: Mutex::new(line), worker: Mutex::new(worker) }
    }

    /// The worker itself, for what is not a request. Commits wait meanwhile.
    pub(crate) fn worker(&self) -> MutexGuard<'_, W> {
        lock(&self.worker)
    }

    /// Has a request done, with whatever others wait, by `commit`, which answers each of its
    /// requests in order.
    pub(crate) fn submit(
        &self,
        request: Request,
        commit: impl FnOnce(&mut W, Vec<Request>) -> Vec<Reply>,
    ) -> Result<Reply, Lost> {
        let slot = Arc::new(Slot { news: Mutex::new(None), changed: Condvar::new() });
        let mut line = lock(&self.line);
        line.waiting.push((request, Arc::clone(&slot)));
        if line.led {
            drop(line);
            match slot.wait() {
                News::Done(reply) => return Ok(reply),
                News::Lost => return Err(Lost),
                News::Lead => {}
            }
        } else {
            line.led = true;
            drop(line);
        }
        self.lead(commit);
        match slot.wait() {
            News::Done(reply) => Ok(reply),
            News::Lost | News::Lead => Err(Lost),
        }
    }

    fn lead(&self, commit: impl FnOnce(&mut W, Vec<Request>) -> Vec<Reply>) {
        let mut worker = lock(&self.worker);
        // Only now: who came while another held the worker comes along.
        let (requests, slots): (Vec<_>, Vec<_>) =
            std::mem::take(&mut lock(&self.line).waiting).into_iter().unzip();
        let mut leading = Leading { committer: self, slots };
        let replies = commit(&mut worker, requests);
        assert_eq!(replies.len(), leading.slots.len(), "one reply a request");
        drop(worker);
        let slots = std::mem::take(&mut leading.slots);
        // The next commit begins before this one's writers wake up.
        drop(leading);
        for (slot, reply) in slots.iter().zip(replies) {
            slot.tell(News::Done(reply));
        }
    }
}

/// The lead, passed on when it is dropped: at the end of a commit, or by its panic.
struct Leading<'a, W, Request, Reply> {
    committer: &'a Committer<W, Request, Reply>,
    /// Not yet answered.
    slots: Vec<Arc<Slot<Reply>>>,
}

impl<W, Request, Reply> Drop for Leading<'_, W, Request, Reply> {
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.tell(News::Lost);
        }
        let mut line = lock(&self.committer.line);
        match line.waiting.first() {
            Some((_, next)) => next.tell(News::Lead),
            None => line.led = false,
        }
    }
}

impl<Reply> Slot<Reply> {
    fn tell(&self, news: News<Reply>) {
        *lock(&self.news) = Some(news);
        self.changed.notify_one();
    }

    fn wait(&self) -> News<Reply> {
        let mut news = lock(&self.news);
        loop {
            match news.take() {
                Some(news) => return news,
                None => {
                    news = self.changed.wait(news).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}
