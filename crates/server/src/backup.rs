//! `GET /backup`: a copy of the database, all namespaces with their history.

use std::fs::File;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use tokio::io::{AsyncRead, ReadBuf};

use crate::app::App;
use crate::failure::Failure;

/// Bytes that are sent at a time.
const CHUNK: usize = 64 << 10;

/// Copies the database as it is now, while others read and write, and sends the copy.
///
/// The copy lies in the folder for temporary files (`TMPDIR`), as large as the database, until
/// it is sent. It has no name there, so it is gone whatever happens to the caller or to this
/// process.
#[utoipa::path(get, path = "/backup", tag = "files",
    responses((status = 200, description = "The database", body = [u8],
        content_type = "application/vnd.sqlite3")))]
pub(crate) async fn backup(State(app): State<App>) -> Result<Response, Failure> {
    let router = app.router.clone();
    let copy = move || -> Result<(File, u64), Failure> {
        let folder = tempfile::tempdir().map_err(Failure::Copy)?;
        let path = folder.path().join("backup.db");
        router.backup(&path, false, &|_, _| ())?;
        let file = File::open(&path).map_err(Failure::Copy)?;
        let bytes = file.metadata().map_err(Failure::Copy)?.len();
        Ok((file, bytes))
    };
    let (copied, place) = app.aside.copy(copy).await?;
    let (file, bytes) = copied?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"synaptoroute.db\"".to_owned()),
    ];
    let contents = Body::new(Contents(tokio::fs::File::from_std(file)));
    Ok(place.keep((headers, contents).into_response()))
}

/// A file's bytes as a body, read as the caller takes them.
struct Contents(tokio::fs::File);

impl HttpBody for Contents {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut chunk = vec![0; CHUNK];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        chunk.truncate(read);
        Poll::Ready((read > 0).then(|| Ok(Frame::data(Bytes::from(chunk)))))
    }
}
