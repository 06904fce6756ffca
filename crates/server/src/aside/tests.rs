use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::*;
use crate::config::Config;
use crate::engine::{Workers, start};

fn places(patience: Duration) -> (Aside, Workers) {
    let (engine, workers) =
        start(&Config { workers: 1, max_queue: 1, ..Config::default() }).unwrap();
    (Aside::new(patience, engine), workers)
}

#[tokio::test]
async fn a_copy_too_many_is_refused_in_the_end_and_nothing_else_waits_for_it() {
    let (aside, _workers) = places(Duration::from_millis(1));
    let mut answers = Vec::new();
    for number in 0..PLACES {
        let (copy, place) = aside.copy(move || vec![b'x'; number * PIECE]).await.unwrap();
        answers.push(place.keep(copy.into_response()));
    }
    let refused = aside.copy(|| ()).await.map(|_| ()).unwrap_err();
    assert_eq!(refused, EngineError::Copying { retry_after_s: 1 });
    let refused = refused.into_response();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert_eq!(aside.read(|| 1).await, Ok(1));
    assert_eq!(aside.file(|| 2).await, Ok(2));

    // Half read, it is there whole.
    let mut body = answers.pop().unwrap().into_body();
    let whole = (PLACES - 1) * PIECE;
    assert_eq!(body.size_hint().exact(), Some(whole as u64));
    let first = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
    let first = first.unwrap().unwrap().into_data().unwrap();
    assert_eq!((first.len(), body.size_hint().exact()), (PIECE, Some((whole - PIECE) as u64)));
    let rest = to_bytes(body, usize::MAX).await.unwrap();
    assert_eq!(rest.len(), whole - PIECE);
    assert!(aside.copy(|| ()).await.is_err(), "the connection has a piece of it still");
    drop(first);
    assert!(aside.copy(|| ()).await.is_ok());
    // So it is where the reader goes away.
    drop(answers);
    assert_eq!(aside.copies.available_permits(), PLACES);
}

#[tokio::test]
async fn one_studies_at_a_time_and_nothing_else_waits_for_it() {
    let (aside, _workers) = places(Duration::from_millis(1));
    let (answer, place) = aside.study(|| "found".into_response()).await.unwrap();
    let answer = place.keep(answer);
    let refused = aside.study(|| ()).await.map(|_| ()).unwrap_err();
    assert_eq!(refused, EngineError::Copying { retry_after_s: 1 });
    assert!(aside.copy(|| ()).await.is_ok());
    assert_eq!(aside.read(|| 1).await, Ok(1));
    drop(answer);
    assert!(aside.study(|| ()).await.is_ok());
}

#[tokio::test]
async fn a_panic_gives_its_place_back() {
    let (aside, _workers) = places(Duration::from_secs(60));
    for _ in 0..=PLACES {
        let panicked = aside.copy(|| panic!("as the test wants")).await;
        assert_eq!(panicked.map(|((), _)| ()).unwrap_err(), EngineError::Panicked);
    }
    assert_eq!(aside.copies.available_permits(), PLACES);
}
