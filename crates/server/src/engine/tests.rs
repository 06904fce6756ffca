use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, mpsc};

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
    engine.run_parts(&ticket, 1, parts, each).await?;
    Ok(values)
}

fn one_thread(max_queue: usize) -> (Engine, Workers) {
    start(&Config { workers: 1, max_queue, ..Config::default() }).unwrap()
}

#[tokio::test]
async fn a_panic_is_answered_and_the_thread_goes_on() {
    let (engine, _workers) = one_thread(1);
    let broken = engine.run(|| panic!("as the test wants")).await;
    assert_eq!(broken.map(|_: Done<()>| ()), Err(EngineError::Panicked));
    assert_eq!(engine.panics(), 1);
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
    assert_eq!(refused.unwrap_err(), EngineError::Full { retry_after_s: 1 });

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
        let (engine, _workers) =
            start(&Config { workers, max_queue: 1, ..Config::default() }).unwrap();
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

/// A runtime with one thread that may wait, and that thread kept busy until `open` is
/// dropped.
fn with_the_last_thread_held(test: impl AsyncFnOnce(Engine, Workers, mpsc::Sender<()>)) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (engine, workers) = one_thread(2);
        let (open, opened) = mpsc::channel::<()>();
        let (begin, begun) = oneshot::channel();
        drop(task::spawn_blocking(move || {
            begin.send(()).unwrap();
            let _dropped = opened.recv();
        }));
        begun.await.unwrap();
        test(engine, workers, open).await;
    });
}

/// A last job that waits for its thread; it says whether it ran.
fn finishing(engine: &Engine) -> (JoinHandle<Result<(), EngineError>>, Arc<AtomicBool>) {
    let ran = Arc::new(AtomicBool::new(false));
    let (engine, runs) = (engine.clone(), Arc::clone(&ran));
    let ticket = engine.admit().unwrap();
    let finish =
        async move { engine.finish(ticket, move || runs.store(true, Ordering::SeqCst)).await };
    (tokio::spawn(finish), ran)
}

#[test]
fn a_last_job_whose_caller_is_gone_is_not_run_and_its_place_is_free() {
    with_the_last_thread_held(async |engine, _workers, open| {
        let (leaving, ran) = finishing(&engine);
        yield_now().await;
        leaving.abort();
        assert!(leaving.await.unwrap_err().is_cancelled());
        drop(open);
        let (next, _) = finishing(&engine);
        next.await.unwrap().unwrap();
        assert!(!ran.load(Ordering::SeqCst));
        assert_eq!(engine.shared.admission.available_permits(), 3);
    });
}

#[test]
fn a_last_job_that_has_not_begun_when_the_workers_are_dropped_is_refused() {
    with_the_last_thread_held(async |engine, workers, open| {
        let (waiting, ran) = finishing(&engine);
        yield_now().await;
        drop(workers);
        drop(open);
        assert_eq!(waiting.await.unwrap(), Err(EngineError::Stopping));
        assert!(!ran.load(Ordering::SeqCst));
    });
}

#[tokio::test]
async fn a_last_job_that_has_begun_is_answered_whatever_happens() {
    let (engine, workers) = one_thread(2);
    let (open, opened) = mpsc::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let ticket = engine.admit().unwrap();
    let finishing = tokio::spawn({
        let engine = engine.clone();
        let wait = move || {
            begin.send(()).unwrap();
            let _dropped = opened.recv();
            7
        };
        async move { engine.finish(ticket, wait).await }
    });
    begun.await.unwrap();
    engine.close();
    drop(workers);
    yield_now().await;
    drop(open);
    assert_eq!(finishing.await.unwrap(), Ok(7));
}

#[tokio::test]
async fn a_last_job_that_panics_is_answered() {
    let (engine, _workers) = one_thread(2);
    let ticket = engine.admit().unwrap();
    let broken = engine.finish(ticket, || panic!("as the test wants")).await;
    assert_eq!(broken.map(|(): ()| ()), Err(EngineError::Panicked));
    assert_eq!(engine.shared.admission.available_permits(), 3);
}

#[tokio::test]
async fn a_request_that_is_ended_by_a_part_runs_no_further_ones() {
    let (engine, _workers) = one_thread(2);
    let ran = Arc::new(Mutex::new(Vec::new()));
    let part = |number: usize| {
        let ran = Arc::clone(&ran);
        move || ran.lock().unwrap().push(number)
    };
    let ticket = engine.admit().unwrap();
    let each = |number, _| if number == 2 { Err(EngineError::Panicked) } else { Ok(()) };
    let ended = engine.run_parts(&ticket, 1, (0..100).map(part), each).await;
    assert_eq!(ended, Err(EngineError::Panicked));
    engine.run(|| ()).await.unwrap();
    assert!(ran.lock().unwrap().len() <= 4, "{ran:?}");
}

/// One thread, and short jobs run at once.
fn at_once() -> (Engine, Workers) {
    start(&Config { workers: 1, at_once: true, ..Config::default() }).unwrap()
}

/// Whether a short job ran on the thread that brought it.
async fn ran_here(engine: &Engine) -> bool {
    let here = thread::current().id();
    engine.run_short(move || thread::current().id() == here).await.unwrap().value
}

/// A thread gives back its turn after it has answered.
async fn run_here_in_the_end(engine: &Engine) {
    while !ran_here(engine).await {
        yield_now().await;
    }
}

/// Runs on one of the threads of a server, which the test's own is not.
async fn serving<T: Send + 'static>(test: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(test).await.unwrap()
}

#[tokio::test]
async fn a_panic_that_nobody_hears_of_is_counted() {
    let (engine, _workers) = one_thread(1);
    let (begin, begun) = oneshot::channel();
    let (open, opened) = mpsc::channel::<()>();
    let asked = tokio::spawn({
        let engine = engine.clone();
        async move {
            let work = move || {
                begin.send(()).unwrap();
                let _dropped = opened.recv();
                panic!("as the test wants");
            };
            engine.run::<(), _>(work).await.map(drop)
        }
    });
    begun.await.unwrap();
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    drop(open);
    while engine.panics() == 0 {
        yield_now().await;
    }
    engine.run(|| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_job_runs_where_it_is_if_it_would_be_next_anyway() {
    serving(async {
        let (engine, _workers) = at_once();
        assert!(ran_here(&engine).await);
        let held = hold(&engine).await;
        let waits = tokio::spawn({
            let engine = engine.clone();
            async move { ran_here(&engine).await }
        });
        while engine.waiting() == 0 {
            yield_now().await;
        }
        drop(held.open);
        assert!(!waits.await.unwrap(), "the only thread was taken");
        held.answer.await.unwrap().unwrap();
        run_here_in_the_end(&engine).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_where_it_is_is_answered_and_keeps_nobody_else_out() {
    serving(async {
        let (engine, _workers) = at_once();
        let broken = engine.run_short(|| panic!("as the test wants")).await;
        assert_eq!(broken.map(|_: Done<()>| ()), Err(EngineError::Panicked));
        assert!(ran_here(&engine).await);
        assert_eq!(engine.run(|| 7).await.unwrap().value, 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_with_a_deadline_is_handed_over() {
    serving(async {
        let (engine, _workers) = at_once();
        assert!(!Commitment::default().scope(ran_here(&engine)).await);
        run_here_in_the_end(&engine).await;
    })
    .await;
}

#[tokio::test]
async fn the_only_thread_of_a_server_runs_no_job() {
    let (engine, _workers) = at_once();
    assert!(!ran_here(&engine).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_runs_where_it_is_unless_asked_for() {
    serving(async {
        let (engine, _workers) = one_thread(1);
        assert!(!ran_here(&engine).await);
    })
    .await;
}
