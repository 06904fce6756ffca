use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::Committer;

/// Doubles numbers, and remembers how many came together.
type Doubler = Committer<Vec<usize>, u32, u32>;

fn double(batches: &mut Vec<usize>, numbers: Vec<u32>) -> Vec<u32> {
    batches.push(numbers.len());
    numbers.into_iter().map(|number| number * 2).collect()
}

#[test]
fn a_lone_writer_commits_for_itself() {
    let committer = Doubler::new(Vec::new());
    for number in 0..5 {
        assert_eq!(committer.submit(number, double).expect("an answer"), number * 2);
    }
    assert_eq!(*committer.worker(), [1; 5]);
}

#[test]
fn everybody_gets_the_answer_to_his_own_request() {
    let committer = Doubler::new(Vec::new());
    thread::scope(|scope| {
        for writer in 0..16 {
            let committer = &committer;
            scope.spawn(move || {
                for round in 0..500 {
                    let number = writer * 1000 + round;
                    assert_eq!(committer.submit(number, double).expect("an answer"), number * 2);
                }
            });
        }
    });
    assert_eq!(committer.worker().iter().sum::<usize>(), 16 * 500);
}

#[test]
fn those_who_wait_are_committed_together() {
    let committer = Doubler::new(Vec::new());
    let waiting = AtomicUsize::new(0);
    thread::scope(|scope| {
        // While the worker is held, the first comes and leads, the others queue behind it.
        let held = committer.worker();
        for number in 0..8 {
            let (committer, waiting) = (&committer, &waiting);
            scope.spawn(move || {
                waiting.fetch_add(1, Ordering::SeqCst);
                assert_eq!(committer.submit(number, double).expect("an answer"), number * 2);
            });
        }
        while super::lock(&committer.line).waiting.len() < 8 {
            thread::yield_now();
        }
        drop(held);
    });
    assert_eq!(waiting.into_inner(), 8);
    assert_eq!(*committer.worker(), [8]);
}

/// A writer that led while others waited panicked once, and they waited for ever.
#[test]
fn a_commit_that_panics_answers_its_writers_and_the_next_one_goes_on() {
    let committer = Doubler::new(Vec::new());
    let (begun, begin) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let committer = &committer;
        let panicking = scope.spawn(move || {
            let commit = |_: &mut Vec<usize>, _| -> Vec<u32> {
                begun.send(()).expect("somebody listens");
                wait.recv().expect("a word");
                panic!("the disk is on fire")
            };
            catch_unwind(AssertUnwindSafe(|| committer.submit(1, commit))).is_err()
        });
        begin.recv().expect("it has begun");
        let next = scope.spawn(move || committer.submit(2, double).expect("an answer"));
        while super::lock(&committer.line).waiting.is_empty() {
            thread::yield_now();
        }
        go.send(()).expect("it waits");
        assert!(panicking.join().expect("caught"), "the panic is its caller's");
        assert_eq!(next.join().expect("no panic"), 4);
    });
    assert_eq!(committer.submit(3, double).expect("an answer"), 6);
}
