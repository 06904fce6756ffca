//! What becomes of a tuning, whatever it is that it does.

use std::sync::mpsc;

use super::*;
use crate::config::Config;
use crate::engine::{Workers, start};

fn name(name: &str) -> NamespaceName {
    NamespaceName::try_from(name).unwrap()
}

fn tuning() -> (Tuning, Engine, Workers) {
    let (engine, workers) = start(&Config { workers: 1, ..Config::default() }).unwrap();
    (Tuning::new(), engine, workers)
}

/// Goes on until it is called off.
fn endless(work: &mut Work) -> Result<Outcome, RouterError> {
    while work.at(|_| ()) {
        thread::yield_now();
    }
    Err(RouterError::TuneCancelled)
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_is_at_work_at_a_time_and_can_be_called_off() {
    let (tuning, engine, _workers) = tuning();
    assert_eq!(tuning.status().state, State::None);
    assert_eq!(tuning.call_off(|_| true), Err(TuneRefusal::Idle));
    let begun = tuning.start(name("a"), &engine, endless).unwrap();
    assert_eq!(begun.await.unwrap().unwrap().state, State::Running);
    assert!(tuning.is_running());
    let second = tuning.start(name("b"), &engine, endless);
    assert!(matches!(second, Err(Failure::Tune(TuneRefusal::Running))));
    assert_eq!(tuning.call_off(|allowed| *allowed == name("b")), Err(TuneRefusal::Foreign));
    assert_eq!(tuning.call_off(|_| true), Ok(()));
    tuning.ended(LONG).await;
    let status = tuning.status();
    assert_eq!((status.state, status.namespace), (State::Cancelled, Some(name("a"))));
    assert!(!tuning.is_running());
}

#[tokio::test]
async fn what_goes_to_the_store_is_not_called_off() {
    let (tuning, engine, _workers) = tuning();
    let (go_on, wait) = mpsc::channel();
    let work = move |work: &mut Work| {
        let alone = work.shared();
        let _alone = alone.installing();
        assert!(work.at(|status| status.stage = Some(Stage::Store)));
        wait.recv().unwrap();
        Ok(Outcome::Installed)
    };
    tuning.start(name("a"), &engine, work).unwrap().await.unwrap().unwrap();
    assert_eq!(tuning.call_off(|_| true), Err(TuneRefusal::Storing));
    assert_eq!(tuning.try_installing().map(drop), Err(TuneRefusal::Installing));
    go_on.send(()).unwrap();
    tuning.ended(LONG).await;
    let status = tuning.status();
    assert_eq!((status.state, status.installed, status.stage), (State::Done, true, None));
    assert_eq!(tuning.try_installing().map(drop), Ok(()));
}

#[tokio::test]
async fn a_panic_fails_it_and_another_can_begin() {
    let (tuning, engine, _workers) = tuning();
    let work = |work: &mut Work| {
        let alone = work.shared();
        let _alone = alone.installing();
        assert!(!work.at(|_| ()), "as the test wants");
        Ok(Outcome::Installed)
    };
    tuning.start(name("a"), &engine, work).unwrap().await.unwrap().unwrap();
    tuning.ended(LONG).await;
    let status = tuning.status();
    assert_eq!(status.state, State::Failed);
    assert!(status.reason.unwrap().contains("log"));
    assert_eq!(engine.panics(), 1);
    assert_eq!(tuning.try_installing().map(drop), Ok(()));
    tuning.start(name("b"), &engine, endless).unwrap().await.unwrap().unwrap();
}

#[tokio::test]
async fn what_cannot_begin_leaves_no_trace() {
    let (tuning, engine, _workers) = tuning();
    let left = |work: &mut Work| {
        work.at(|_| ());
        Ok(Outcome::Left("as the test wants".to_owned()))
    };
    tuning.start(name("a"), &engine, left).unwrap().await.unwrap().unwrap();
    tuning.ended(LONG).await;
    let none = |_: &mut Work| Err(RouterError::NoModelFiles);
    let refused = tuning.start(name("b"), &engine, none).unwrap().await.unwrap();
    assert!(matches!(refused, Err(RouterError::NoModelFiles)));
    tuning.ended(LONG).await;
    // Nobody waits for this one.
    drop(tuning.start(name("c"), &engine, endless).unwrap());
    tuning.ended(LONG).await;
    let panics = |_: &mut Work| panic!("as the test wants");
    assert!(tuning.start(name("d"), &engine, panics).unwrap().await.is_err());
    tuning.ended(LONG).await;
    let status = tuning.status();
    assert_eq!((status.state, status.namespace), (State::Done, Some(name("a"))));
    assert_eq!((status.installed, status.reason.as_deref()), (false, Some("as the test wants")));
}

#[tokio::test]
async fn none_goes_on_once_its_service_is_gone() {
    let (tuning, engine, _workers) = tuning();
    tuning.start(name("a"), &engine, endless).unwrap().await.unwrap().unwrap();
    let shared = Arc::clone(&tuning.0);
    drop(tuning);
    let gone = Tuning(shared);
    gone.ended(LONG).await;
    assert_eq!(gone.status().state, State::Cancelled);
    let late = gone.start(name("a"), &engine, endless);
    assert!(matches!(late, Err(Failure::Engine(EngineError::Stopping))));
}
