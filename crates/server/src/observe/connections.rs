//! How many connections there are, and how many there were too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::metric::Counter;
use super::page::{Kind, Page};

/// Connections of one server.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: AtomicU64,
    taken: Counter,
    refused: Counter,
}

/// One of them, counted as open until it is dropped.
pub(crate) struct Open(Arc<Connections>);

impl Connections {
    pub(crate) fn take(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.taken.add(1);
        Open(Arc::clone(self))
    }

    pub(crate) fn refuse(&self) {
        self.refused.add(1);
    }

    pub(super) fn write(&self, page: &mut Page) {
        let help = "Connections that are open";
        let open = self.open.load(Ordering::Relaxed);
        page.single("synaptoroute_connections_open", Kind::Gauge, help, open);
        let help = "Connections that were taken";
        page.single("synaptoroute_connections_total", Kind::Counter, help, self.taken.get());
        let help = "Connections that were refused, since all places were taken";
        let refused = self.refused.get();
        page.single("synaptoroute_connections_refused_total", Kind::Counter, help, refused);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
