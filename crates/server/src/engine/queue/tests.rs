use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;

/// A job that writes its name down.
struct Named {
    name: &'static str,
    wanted: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<&'static str>>>,
}

impl Job for Named {
    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    fn run(self: Box<Self>) {
        self.log.lock().unwrap().push(self.name);
    }
}

#[derive(Default)]
struct Desk {
    queue: Option<Queue>,
    log: Arc<Mutex<Vec<&'static str>>>,
}

impl Desk {
    fn new() -> Self {
        Self { queue: Some(Queue::new(1)), ..Self::default() }
    }

    fn queue(&self) -> &Queue {
        self.queue.as_ref().unwrap()
    }

    /// Queues it; the caller may say that it is not wanted any more.
    fn push(&self, lane: Lane, name: &'static str) -> Arc<AtomicBool> {
        let wanted = Arc::new(AtomicBool::new(true));
        let job = Named { name, wanted: Arc::clone(&wanted), log: Arc::clone(&self.log) };
        assert!(self.queue().push(lane, Box::new(job)));
        wanted
    }

    /// Runs so many.
    fn run(&self, jobs: usize) -> Vec<&'static str> {
        for _ in 0..jobs {
            let (_turn, job) = self.queue().pop().unwrap();
            job.run();
        }
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

#[test]
fn lanes_take_turns_by_what_they_cost() {
    let desk = Desk::new();
    for _ in 0..3 {
        desk.push(Lane::Part { texts: 2 }, "part");
    }
    for _ in 0..5 {
        desk.push(Lane::Query, "query");
    }
    let order = desk.run(8);
    let expected = ["part", "query", "query", "part", "query", "query", "part", "query"];
    assert_eq!(order, expected);
}

#[test]
fn a_query_that_comes_while_parts_run_is_next() {
    let desk = Desk::new();
    for _ in 0..100 {
        desk.push(Lane::Part { texts: 8 }, "part");
    }
    for _ in 0..50 {
        desk.run(1);
    }
    desk.push(Lane::Query, "query");
    assert_eq!(desk.run(2), ["query", "part"]);
}

#[test]
fn queries_without_end_leave_a_batch_its_share() {
    let desk = Desk::new();
    for _ in 0..90 {
        desk.push(Lane::Query, "query");
    }
    for _ in 0..10 {
        desk.push(Lane::Part { texts: 8 }, "part");
    }
    let order = desk.run(45);
    assert_eq!(order.iter().filter(|name| **name == "part").count(), 5);
}

#[test]
fn what_nobody_waits_for_is_passed_over() {
    let desk = Desk::new();
    let first = desk.push(Lane::Query, "first");
    desk.push(Lane::Query, "second");
    first.store(false, Ordering::Relaxed);
    desk.queue().abandon();
    assert_eq!(desk.run(1), ["second"]);
    assert_eq!(desk.queue().len(), 0);
}

#[test]
fn sweeping_makes_room_once_it_is_worth_it() {
    let desk = Desk::new();
    let wanted: Vec<_> = (0..64).map(|_| desk.push(Lane::Query, "query")).collect();
    for (number, wanted) in wanted.iter().take(4).enumerate() {
        assert_eq!(desk.queue().len(), 64, "after {number}");
        wanted.store(false, Ordering::Relaxed);
        desk.queue().abandon();
        desk.queue().sweep();
    }
    assert_eq!(desk.queue().len(), 60);
    desk.queue().sweep();
    assert_eq!(desk.queue().len(), 60);
}

#[test]
fn closing_lets_go_of_all() {
    let desk = Desk::new();
    let wanted = desk.push(Lane::Query, "query");
    desk.queue().close();
    assert_eq!(Arc::strong_count(&wanted), 1, "it is still held");
    assert!(desk.queue().pop().is_none());
    let job = Named { name: "late", wanted, log: Arc::default() };
    assert!(!desk.queue().push(Lane::Query, Box::new(job)));
}

#[test]
fn who_runs_a_job_at_once_has_a_turn_and_is_the_only_one() {
    let desk = Desk { queue: Some(Queue::new(2)), ..Desk::default() };
    let first = desk.queue().at_once();
    assert!(first.is_some());
    assert!(desk.queue().at_once().is_none(), "one at a time");
    drop(first);
    let wanted = desk.push(Lane::Query, "waits");
    assert!(desk.queue().at_once().is_none(), "nobody is overtaken");
    let popped = desk.queue().pop();
    assert!(desk.queue().at_once().is_some(), "one turn is left");
    drop((popped, wanted));
    desk.queue().close();
    assert!(desk.queue().at_once().is_none());
}

/// A thread that came while there was no turn has to be told.
#[test]
fn what_came_meanwhile_is_next() {
    let desk = Desk::new();
    let turn = desk.queue().at_once();
    desk.push(Lane::Query, "meanwhile");
    std::thread::scope(|scope| {
        let popped = scope.spawn(|| {
            let (_turn, job) = desk.queue().pop().unwrap();
            job.run();
        });
        // It sleeps by then, most likely; if not, it has an easier time.
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(desk.log.lock().unwrap().is_empty(), "it had no turn");
        drop(turn);
        popped.join().unwrap();
    });
    assert_eq!(*desk.log.lock().unwrap(), ["meanwhile"]);
}
