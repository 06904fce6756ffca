use axum::body::Body;
use axum::http::header;

use super::*;
use crate::config::Config;
use crate::engine;
use crate::intake::Intake;

/// An import goes on reading where its caller has gone, and its bytes were not counted then.
#[tokio::test]
async fn its_bytes_count_as_long_as_it_lives() {
    let (engine, _workers) =
        engine::start(&Config { workers: 1, max_queue: 1, ..Config::default() }).unwrap();
    let intake = Intake::new(100, engine);
    let watched = intake.watch(Body::from(r#"{"version": 1, "routes": []}"#));
    let mut request = Request::new(Body::new(watched.clone()));
    let json = header::HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::CONTENT_TYPE, json);
    request.extensions_mut().insert(watched);
    let file = FileBody::from_request(request, &()).await.unwrap();
    assert_eq!(intake.bytes(), file.bytes.len());
    assert_eq!(file.bytes.len(), 28);
    drop(file);
    assert_eq!(intake.bytes(), 0);
}
