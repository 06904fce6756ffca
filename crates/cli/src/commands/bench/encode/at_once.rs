//! The same work on several threads at once.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

/// A thread that waits for the word, and says what came of it.
struct Helper<T> {
    /// The number of the turn.
    start: Sender<usize>,
    done: Receiver<T>,
}

/// One turn of all threads.
pub(super) struct Turn<T> {
    /// From the word to the last thread's end.
    pub(super) seconds: f64,
    /// What each thread's part gave.
    pub(super) results: Vec<T>,
}

/// Has each of `threads` threads do its `part(thread, turn)`, so many times over, one turn after the
/// other. The caller is thread 0; the others wait for their word as the threads of a service
/// do, so that waking them is in the time.
pub(super) fn at_once<T: Send>(
    threads: usize,
    turns: usize,
    part: impl Fn(usize, usize) -> T + Sync,
) -> Vec<Turn<T>> {
    thread::scope(|scope| {
        let helper = |thread| {
            let (start, started) = mpsc::channel();
            let (result, done) = mpsc::channel();
            let part = &part;
            scope.spawn(move || {
                for turn in started {
                    // Nobody listens if the caller has panicked, and then no word comes.
                    let _ = result.send(part(thread, turn));
                }
            });
            Helper { start, done }
        };
        let helpers: Vec<Helper<T>> = (1..threads).map(helper).collect();
        let turn = |turn| {
            let began = Instant::now();
            for helper in &helpers {
                // One that is gone has panicked, and the scope will too.
                let _ = helper.start.send(turn);
            }
            let own = part(0, turn);
            let others = helpers.iter().filter_map(|helper| helper.done.recv().ok());
            let results = std::iter::once(own).chain(others).collect();
            Turn { seconds: began.elapsed().as_secs_f64(), results }
        };
        (0..turns).map(turn).collect()
    })
}
