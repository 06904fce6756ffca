//! A routes file as a body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use synaptoroute::FileFormat;

use super::body;
use crate::failure::Failure;
use crate::intake::Watched;

/// A body that is a routes file, not yet read.
pub(crate) struct FileBody {
    pub(crate) bytes: Bytes,
    pub(crate) format: FileFormat,
    /// Counts the bytes as long as they are here.
    _counted: Option<Watched>,
}

impl FileBody {
    /// Most bytes of it: half a million utterances or so. Who has more uses the command line,
    /// which reads the file where it lies.
    pub(crate) const MAX_BYTES: usize = 64 << 20;
}

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let found = body::content_type(request.headers());
        let format = match found.as_deref() {
            Some("application/json") => FileFormat::Json,
            Some("application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml") => {
                FileFormat::Yaml
            }
            _ => return Err(Failure::ContentType { found, yaml: true }),
        };
        let counted = request.extensions().get::<Watched>().cloned();
        let bytes = body::read(request, state, Self::MAX_BYTES).await?;
        Ok(Self { bytes, format, _counted: counted })
    }
}

#[cfg(test)]
mod tests;
