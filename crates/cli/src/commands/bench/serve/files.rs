//! A connection is an open file, here and in the service, and a process may have so many.

use crate::output;

/// Files that are open beside the connections.
const OTHERS: u64 = 100;

/// Makes room for so many connections, in this process and in services it starts from now on;
/// how many there may be.
pub(super) fn allow(connections: usize) -> usize {
    let wanted = connections as u64 + OTHERS;
    let Ok(limit) = rlimit::increase_nofile_limit(wanted) else {
        return connections;
    };
    let allowed = usize::try_from(limit.saturating_sub(OTHERS)).unwrap_or(usize::MAX).max(1);
    if allowed < connections {
        output::note(format_args!(
            "this process may have {limit} files open, so there are {allowed} connections and \
             not {connections}: raise the hard limit (`ulimit -Hn`) for all of them"
        ));
    }
    allowed.min(connections)
}
