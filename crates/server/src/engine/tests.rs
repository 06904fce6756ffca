use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{JoinHandle, yield_now};

use super::*;

/// Keeps the only thread busy until `open` is dropped.
struct Held {
    open: mpsc::Sender<()>,
    answer: JoinHandle<Result<Done<()>, EngineError>>,
}

async fn hold(engine: &Engine) -> Held {
    let (open, opened) = mpsc::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let engine = engine.clone();
    let answer = tokio::spawn(async move {
        let wait = move || {
            begin.send(()).unwrap();
            let _dropped = opened.recv();
        };
        engine.run(wait).await
    });
    begun.await.unwrap();
    Held { open, answer }
}

/// What the parts came to, as a request of their own.
async fn collect<T, W>(
    engine: &Engine,
    parts: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, EngineError>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let (ticket, mut values) = (engine.admit()?, Vec::new());
    let each = |number: usize, done: Done<T>| {
        assert_eq!(number, values.len());
        values.push(done.value);
        Ok(())
    };
    engine.run_parts(&ticket, parts, each).await?;
    Ok(values)
}

fn one_thread(max_queue: usize) -> (Engine, Workers) {
    start(1, max_queue).unwrap()
}

#[tokio::test]
async fn a_panic_is_answered_and_the_thread_goes_on() {
    let (engine, _workers) = one_thread(1);
    let broken = engine.run(|| panic!("as the test wants")).await;
    assert_eq!(broken.map(|_: Done<()>| ()), Err(EngineError::Panicked));
    assert_eq!(engine.run(|| 7).await.unwrap().value, 7);
}

#[tokio::test]
async fn one_more_than_may_wait_is_refused_at_once() {
    let (engine, _workers) = one_thread(1);
    let held = hold(&engine).await;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(|| 1).await }
    });
    yield_now().await;
    let refused = engine.run(|| 2).await;
    assert_eq!(refused.unwrap_err(), EngineError::Full);

    drop(held.open);
    assert!(held.answer.await.unwrap().is_ok());
    assert_eq!(waiting.await.unwrap().unwrap().value, 1);
    assert_eq!(engine.run(|| 3).await.unwrap().value, 3);
}

#[tokio::test]
async fn a_job_whose_caller_is_gone_is_not_run() {
    let (engine, _workers) = one_thread(2);
    let held = hold(&engine).await;
    let ran = Arc::new(AtomicBool::new(false));
    let leaving = tokio::spawn({
        let (engine, ran) = (engine.clone(), Arc::clone(&ran));
        async move { engine.run(move || ran.store(true, Ordering::SeqCst)).await }
    });
    yield_now().await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());

    drop(held.open);
    engine.run(|| ()).await.unwrap();
    assert!(!ran.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_request_of_many_parts_lets_others_in_between() {
    let (engine, _workers) = one_thread(2);
    let order = Arc::new(Mutex::new(Vec::new()));
    let job = |name: &'static str| {
        let order = Arc::clone(&order);
        move || order.lock().unwrap().push(name)
    };
    let held = hold(&engine).await;
    let batch = tokio::spawn({
        let (engine, parts) = (engine.clone(), ["part 1", "part 2", "part 3"].map(job));
        async move { collect(&engine, parts).await }
    });
    yield_now().await;
    let single = tokio::spawn({
        let (engine, job) = (engine.clone(), job("single"));
        async move { engine.run(job).await }
    });
    yield_now().await;

    drop(held.open);
    assert_eq!(batch.await.unwrap().unwrap().len(), 3);
    single.await.unwrap().unwrap();
    let order = order.lock().unwrap();
    assert_eq!(*order, ["part 1", "single", "part 2", "part 3"]);
}

#[tokio::test]
async fn parts_are_answered_in_order_by_any_number_of_threads() {
    for workers in 1..4 {
        let (engine, _workers) = start(workers, 1).unwrap();
        let parts = (0..10).map(|i| move || i);
        let values: Vec<i32> = collect(&engine, parts).await.unwrap();
        assert_eq!(values, (0..10).collect::<Vec<_>>(), "{workers} threads");
    }
}

#[tokio::test]
async fn once_closed_nobody_comes_in_and_who_is_in_is_served() {
    let (engine, _workers) = one_thread(2);
    let held = hold(&engine).await;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(|| 1).await }
    });
    yield_now().await;
    engine.close();
    let refused = engine.run(|| 2).await;
    assert_eq!(refused.unwrap_err(), EngineError::Stopping);

    drop(held.open);
    assert_eq!(waiting.await.unwrap().unwrap().value, 1);
}

#[tokio::test]
async fn when_the_workers_are_dropped_nobody_waits() {
    let (engine, workers) = one_thread(2);
    let held = hold(&engine).await;
    drop(workers);
    // Its job is not over: `open` still lives.
    let answer = held.answer.await.unwrap();
    assert_eq!(answer.unwrap_err(), EngineError::Stopping);
    let late = engine.run(|| ()).await;
    assert_eq!(late.unwrap_err(), EngineError::Stopping);
    drop(held.open);
}
