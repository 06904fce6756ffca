//! A load on a service: many connections on one thread, so that the service has the rest.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};
use tokio::task::{LocalSet, spawn_local};
use tokio::time;

use super::PATIENCE;
use super::connection::Connection;
use super::schedule::Schedule;
use super::tally::Tally;
use super::target::Target;
use super::texts::Texts;
use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// Connections that are opened before the service gets a moment to accept them; a listener's
/// own queue is short.
const OPENED_AT_ONCE: usize = 64;

/// How long before a connection that broke is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// When the next request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// As soon as the connection's last one is answered.
    Saturating,
    /// At its moment, so many a second, on whichever connection is free.
    Fixed(f64),
}

/// What to do to a service.
pub(super) struct Load {
    pub(super) target: Arc<Target>,
    pub(super) texts: Arc<Texts>,
    pub(super) connections: usize,
    pub(super) pace: Pace,
    pub(super) span: Duration,
}

/// What the connections of a load share.
struct Shared {
    target: Arc<Target>,
    texts: Arc<Texts>,
    turns: Turns,
    start: Instant,
    span: Duration,
    sent: Cell<u64>,
    done: Cell<u64>,
    /// Connections that have nothing more to send.
    ended: Cell<usize>,
    progress: Notify,
    tally: RefCell<Tally>,
}

/// Who says when the next request is sent.
enum Turns {
    Saturating,
    /// A permit for each request that is due and was not taken by a connection.
    Fixed(Schedule, Arc<Semaphore>),
}

impl Load {
    /// Runs to its end. What is not answered [`PATIENCE`] after that is counted as hung.
    pub(super) fn run(&self) -> Result<Tally, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::Runtime)?;
        LocalSet::new().block_on(&runtime, self.drive())
    }

    async fn drive(&self) -> Result<Tally, Failure> {
        let connections = self.connect().await;
        let connections =
            connections.map_err(|error| bench(format!("{error}; is it running there?")))?;
        let turns = match self.pace {
            Pace::Saturating => Turns::Saturating,
            Pace::Fixed(per_second) => {
                Turns::Fixed(Schedule::new(per_second, self.span), Arc::new(Semaphore::new(0)))
            }
        };
        let shared = Rc::new(Shared {
            target: Arc::clone(&self.target),
            texts: Arc::clone(&self.texts),
            turns,
            start: Instant::now(),
            span: self.span,
            sent: Cell::new(0),
            done: Cell::new(0),
            ended: Cell::new(0),
            progress: Notify::new(),
            tally: RefCell::new(Tally::new()),
        });
        for connection in connections {
            spawn_local(Rc::clone(&shared).client(connection));
        }
        if let Turns::Fixed(schedule, permits) = &shared.turns {
            schedule.pace(shared.start, Arc::clone(permits));
        }
        let whole = async {
            while !shared.is_over(self.connections) {
                shared.progress.notified().await;
            }
        };
        // Over or not: what is missing then is counted below.
        let _ = time::timeout(self.span + PATIENCE, whole).await;
        let mut tally = shared.tally.replace(Tally::new());
        tally.answers.hung = shared.sent.get() - shared.done.get();
        if let Turns::Fixed(schedule, _) = &shared.turns {
            tally.answers.unsent = schedule.planned() - shared.sent.get();
        }
        Ok(tally)
    }

    async fn connect(&self) -> io::Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(self.connections);
        for number in 1..=self.connections {
            connections.push(Connection::open(&self.target).await?);
            if number % OPENED_AT_ONCE == 0 {
                time::sleep(Duration::from_millis(2)).await;
            }
        }
        Ok(connections)
    }
}

impl Shared {
    fn is_over(&self, connections: usize) -> bool {
        match &self.turns {
            Turns::Saturating => self.ended.get() == connections,
            Turns::Fixed(schedule, _) => self.done.get() == schedule.planned(),
        }
    }

    /// When the next request was due, once it is this connection's turn; none after the last.
    async fn next_turn(&self) -> Option<Instant> {
        match &self.turns {
            Turns::Saturating => {
                let now = Instant::now();
                (now.duration_since(self.start) < self.span).then_some(now)
            }
            Turns::Fixed(schedule, permits) => {
                permits.acquire().await.ok()?.forget();
                Some(self.start + schedule.due(self.sent.get()))
            }
        }
    }

    /// One connection's life.
    async fn client(self: Rc<Self>, mut connection: Connection) {
        let mut request = Vec::new();
        while let Some(due) = self.next_turn().await {
            self.sent.set(self.sent.get() + 1);
            self.target.request(&self.texts.next(), &mut request);
            let sent = Instant::now();
            {
                let mut tally = self.tally.borrow_mut();
                tally.late.add(sent.saturating_duration_since(due));
                tally.sent_in_time += u64::from(sent.duration_since(self.start) < self.span);
            }
            let answer = connection.ask(&request).await;
            let now = Instant::now();
            let reopens = match answer {
                Ok(answer) => {
                    let in_time = now.duration_since(self.start) <= self.span;
                    let took = now.saturating_duration_since(due);
                    self.tally.borrow_mut().answer(answer.status, took, in_time);
                    answer.closes
                }
                Err(_) => {
                    self.tally.borrow_mut().answers.connection_errors += 1;
                    true
                }
            };
            self.done.set(self.done.get() + 1);
            self.progress.notify_one();
            if reopens {
                connection = self.reopen().await;
            }
        }
        self.ended.set(self.ended.get() + 1);
        self.progress.notify_one();
    }

    /// A new connection, as soon as there is one; the load's own end ends the attempts.
    async fn reopen(&self) -> Connection {
        loop {
            if let Ok(connection) = Connection::open(&self.target).await {
                return connection;
            }
            time::sleep(RETRY).await;
        }
    }
}
