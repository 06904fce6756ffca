use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::Schedule;

#[test]
fn requests_are_due_at_equal_distances() {
    let schedule = Schedule::new(1000.0, Duration::from_secs(2));
    assert_eq!(schedule.planned(), 2000);
    assert_eq!(schedule.due(0), Duration::ZERO);
    assert_eq!(schedule.due(1500), Duration::from_millis(1500));
}

#[test]
fn a_request_is_due_from_its_moment_on_and_not_before() {
    for rate in [0.7, 3.0, 1234.5, 20_000.0, 1e6] {
        let schedule = Schedule::new(rate, Duration::from_secs(1));
        for number in 1..schedule.planned().min(5000) {
            let due = schedule.due(number);
            assert_eq!(schedule.due_by(due), number + 1, "{rate} a second");
            assert_eq!(schedule.due_by(due - Duration::from_nanos(1)), number, "{rate} a second");
        }
    }
}

#[test]
fn nothing_is_due_after_the_last() {
    let schedule = Schedule::new(100.0, Duration::from_millis(50));
    assert_eq!(schedule.due_by(Duration::from_secs(3600)), schedule.planned());
    assert_eq!(Schedule::new(0.001, Duration::from_secs(1)).planned(), 1);
}

#[test]
fn the_pacer_gives_all_permits_and_none_early() {
    let schedule = Schedule::new(2000.0, Duration::from_millis(100));
    let permits = Arc::new(Semaphore::new(0));
    let start = Instant::now();
    schedule.pace(start, Arc::clone(&permits));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for number in 0..schedule.planned() {
            permits.acquire().await.unwrap().forget();
            assert!(start.elapsed() >= schedule.due(number), "request {number}");
        }
    });
    assert_eq!(permits.available_permits(), 0);
}
