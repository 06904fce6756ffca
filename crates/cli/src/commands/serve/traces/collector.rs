//! A collector, which is sent spans as OTLP over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use ureq::Agent;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::loss::Losses;
use crate::args::Secret;
use crate::failure::Failure;
use crate::remote::{ServerUrl, trust};

/// How long the collector may take for one batch, all in all.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is read; one that says all is well is empty.
const MAX_ANSWER: u64 = 64 << 10;

/// Where a collector takes traces, below its address.
const PATH: &str = "/v1/traces";

/// A collector, not asked yet.
pub(super) struct Collector {
    agent: Agent,
    url: String,
    headers: HeaderMap,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Unreachable(#[from] ureq::Error),
    #[error("it answered {0}")]
    Status(StatusCode),
}

impl Refusal {
    /// What to look at.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                "Give the token it wants with --otlp-header"
            }
            Self::Status(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
                "Is that a collector? Name its address for OTLP over HTTP with --otlp-endpoint"
            }
            Self::Status(_) => "Its own log may say why",
            Self::Unreachable(_) => {
                "Is it running, and listening there for OTLP over HTTP (mostly port 4318; gRPC, \
                 mostly 4317, is not spoken)? If not, name another --otlp-endpoint"
            }
        }
    }
}

impl Collector {
    pub(super) fn new(
        endpoint: &ServerUrl,
        headers: &[Secret],
        authority: Option<&Path>,
    ) -> Result<Self, Failure> {
        if endpoint.has_user() {
            return Err(Failure::CollectorUser);
        }
        let base = endpoint.to_string();
        let url = if base.ends_with(PATH) { base } else { base + PATH };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            // Its token is for it alone.
            .max_redirects(0)
            .tls_config(trust(authority)?)
            .user_agent(concat!("synaptoroute/", env!("CARGO_PKG_VERSION")))
            .build();
        let mut checked = HeaderMap::new();
        for (index, secret) in headers.iter().enumerate() {
            let (name, value) =
                header(secret.as_str()).ok_or(Failure::CollectorHeader { number: index + 1 })?;
            checked.append(name, value);
        }
        Ok(Self { agent: config.into(), url, headers: checked })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The same, for what makes batches; `losses` hears how each one fared.
    pub(super) fn telling(self, losses: Arc<Losses>) -> Exporter {
        Exporter { collector: self, process: ResourceAttributesWithSchema::default(), losses }
    }

    /// How many spans it refused of those in `body`, and why.
    fn send(&self, body: &[u8]) -> Result<Option<(u64, String)>, Refusal> {
        let mut request = self.agent.post(&self.url);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            headers
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        }
        let mut response = request.send(body)?;
        if !response.status().is_success() {
            return Err(Refusal::Status(response.status()));
        }
        // It has taken them; what else it says may be anything.
        let answer = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let answer = ExportTraceServiceResponse::decode(&*answer.unwrap_or_default());
        let answer = answer.unwrap_or_default();
        let partly = answer.partial_success.filter(|partly| partly.rejected_spans > 0);
        Ok(partly.map(|partly| (partly.rejected_spans.unsigned_abs(), partly.error_message)))
    }
}

/// `NAME=VALUE`, marked as nothing to be shown.
fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim().parse().ok()?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Sends batches to a collector, one at a time.
pub(super) struct Exporter {
    collector: Collector,
    process: ResourceAttributesWithSchema,
    losses: Arc<Losses>,
}

impl SpanExporter for Exporter {
    /// Blocks: the thread that batches has nothing else to do.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.losses.taken(spans);
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.process);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        match self.collector.send(&body) {
            Ok(None) => self.losses.delivered(spans),
            Ok(Some((refused, why))) => self.losses.partly(spans, refused, &why),
            Err(refusal) => {
                self.losses.refused(spans, &refusal);
                return Err(OTelSdkError::InternalFailure(refusal.to_string()));
            }
        }
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.process = resource.into();
    }
}

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").field("url", &self.collector.url).finish_non_exhaustive()
    }
}
