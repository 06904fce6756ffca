//! Statuses of what a test from outside cannot make happen at will.

use rusqlite::ffi;
use std::sync::Arc;

use super::*;

fn sqlite(code: i32) -> StoreError {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
}

#[test]
fn a_store_that_fails_is_nobodys_fault_who_asked() {
    let file = |kind: io::ErrorKind| StoreError::File { path: "x".into(), source: kind.into() };
    let mut wrong = Vec::new();
    for (error, status) in [
        (sqlite(ffi::SQLITE_FULL), 507),
        (file(io::ErrorKind::StorageFull), 507),
        (file(io::ErrorKind::QuotaExceeded), 507),
        (file(io::ErrorKind::PermissionDenied), 503),
        (sqlite(ffi::SQLITE_IOERR), 503),
        (sqlite(ffi::SQLITE_BUSY), 503),
        (sqlite(ffi::SQLITE_CORRUPT), 503),
        (StoreError::ReadOnly, 503),
        (StoreError::Void, 503),
        (StoreError::MissingVector { text: "x".into() }, 500),
    ] {
        let says = error.to_string();
        let failure = Failure::Router(RouterError::Store(Arc::new(error)));
        if failure.status() != status || failure.to_string() != says {
            wrong.push(format!("{says}: {} {failure}", failure.status()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
