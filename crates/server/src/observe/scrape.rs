//! `GET /metrics`: everything that is counted, and what is read from the parts at this moment.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use synaptoroute::{CommitStats, NamespaceName, Router};

use super::decisions::{MOST_NAMESPACES, OTHER};
use super::metric::Counts;
use super::page::{Kind, Page};
use super::process;
use crate::app::App;

/// All numbers, as Prometheus reads them. It takes no place in the queue: a service that is
/// full is one to look at.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, description = "As Prometheus reads them", body = String,
        content_type = "text/plain")))]
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let mut page = Page::default();
    let metrics = &app.observer.metrics;
    build(&app.router, &mut page);
    metrics.requests.write(&mut page);
    let help = "Requests that have no answer yet, this one included";
    let in_flight = metrics.in_flight.load(Ordering::Relaxed);
    page.single("synaptoroute_http_requests_in_flight", Kind::Gauge, help, in_flight);
    let help = "Requests whose caller went away before the answer";
    let abandoned = metrics.abandoned.get();
    page.single("synaptoroute_http_requests_abandoned_total", Kind::Counter, help, abandoned);
    app.observer.connections.write(&mut page);
    metrics.rejections.write(&mut page);
    let help = "Panics that were caught, also of work whose caller had gone";
    page.single("synaptoroute_panics_total", Kind::Counter, help, app.engine.panics());
    metrics.stages.write(&mut page);
    queue(&app, &mut page);
    cache(&app.router, &mut page);
    metrics.decisions.write(&app.router, &mut page);
    content(&app.router, &mut page);
    let help = "1 where the last fit in the background failed; `GET /fits` says why";
    let failing = u8::from(app.router.auto_fit_trouble().is_some());
    page.single("synaptoroute_auto_fit_failing", Kind::Gauge, help, failing);
    let help = "1 while routes are learned; `GET /tune` says how far it is";
    let running = u8::from(app.tuning.is_running());
    page.single("synaptoroute_tune_running", Kind::Gauge, help, running);
    commits(app.router.commit_stats(), &mut page);
    process::write(&mut page);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.finish())
}

/// What runs here: labels to join with, the value says nothing.
fn build(router: &Router, page: &mut Page) {
    let model = router.model();
    let fingerprint = model.fingerprint.to_string();
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("isa", model.isa.name()),
        ("model", &model.name),
        ("fingerprint", &fingerprint),
    ];
    let help = "What runs here; always 1";
    page.family("synaptoroute_build_info", Kind::Gauge, help).sample(&labels, 1);
}

/// What waits at this moment.
fn queue(app: &App, page: &mut Page) {
    let help = "What waits for a thread that encodes";
    page.single("synaptoroute_queue_depth", Kind::Gauge, help, app.engine.waiting());
    let help = "Bytes of bodies of requests that have no answer yet";
    page.single("synaptoroute_queue_bytes", Kind::Gauge, help, app.intake.bytes());
}

/// What the embedding cache did; nothing is told where there is none.
fn cache(router: &Router, page: &mut Page) {
    let Some(stats) = router.cache_stats() else { return };
    let numbers = [
        ("synaptoroute_cache_hits_total", Kind::Counter, "Texts that the cache had", stats.hits),
        (
            "synaptoroute_cache_misses_total",
            Kind::Counter,
            "Texts that had to be encoded",
            stats.misses,
        ),
        ("synaptoroute_cache_texts", Kind::Gauge, "Texts that the cache has", stats.texts),
        ("synaptoroute_cache_bytes", Kind::Gauge, "What they take", stats.bytes),
        (
            "synaptoroute_cache_capacity_bytes",
            Kind::Gauge,
            "What they may take",
            stats.capacity_bytes,
        ),
    ];
    for (name, kind, help, value) in numbers {
        page.single(name, kind, help, value);
    }
}

/// How large a namespace is.
#[derive(Clone, Copy, Default)]
struct Size {
    revision: u64,
    routes: usize,
    texts: usize,
    bytes: usize,
    segments: usize,
}

/// A family, and what of a size it shows.
type Shown = (&'static str, &'static str, fn(&Size) -> u64);

const SIZES: [Shown; 5] = [
    ("synaptoroute_revision", "Revision of the content", |size| size.revision),
    ("synaptoroute_routes", "Routes", |size| size.routes as u64),
    ("synaptoroute_texts", "Utterances and negatives, each with a vector", |size| {
        size.texts as u64
    }),
    (
        "synaptoroute_snapshot_bytes",
        "Memory of texts, vectors and what is needed to search",
        |size| size.bytes as u64,
    ),
    ("synaptoroute_segments", "Pieces that texts and vectors lie in", |size| size.segments as u64),
];

/// The sizes of the first namespaces by name, and of all others together.
fn content(router: &Router, page: &mut Page) {
    let namespaces = router.namespaces();
    let size = |name: &NamespaceName| {
        // One that was deleted since is not there.
        let snapshot = router.namespace(name).ok()?.snapshot();
        Some(Size {
            revision: snapshot.revision().get(),
            routes: snapshot.route_count(),
            texts: snapshot.text_count(),
            bytes: snapshot.bytes(),
            segments: snapshot.segments(),
        })
    };
    let mut sizes = Vec::new();
    let mut others: Option<Size> = None;
    for namespace in &namespaces {
        let Some(size) = size(&namespace.name) else { continue };
        if sizes.len() < MOST_NAMESPACES {
            sizes.push((namespace.name.as_str(), size));
        } else {
            let sum = others.get_or_insert_default();
            // The sum of revisions still tells that something changes.
            sum.revision += size.revision;
            sum.routes += size.routes;
            sum.texts += size.texts;
            sum.bytes += size.bytes;
            sum.segments += size.segments;
        }
    }
    // Not where a namespace has that very name: two samples of one name are an error.
    if let Some(others) = others
        && !sizes.iter().any(|(name, _)| *name == OTHER)
    {
        sizes.push((OTHER, others));
    }
    page.single("synaptoroute_namespaces", Kind::Gauge, "Namespaces", namespaces.len());
    for (name, help, of) in SIZES {
        let mut family = page.family(name, Kind::Gauge, help);
        for (namespace, size) in &sizes {
            family.sample(&[("namespace", namespace)], of(size));
        }
    }
}

/// How long changes take to be durable.
fn commits(stats: CommitStats, page: &mut Page) {
    let help = "Time of a transaction, until it is on disk; changes that come together share one";
    let counts = Counts { buckets: stats.buckets, beyond: stats.beyond, total: stats.total };
    let mut family = page.family("synaptoroute_commit_duration_seconds", Kind::Histogram, help);
    family.histogram(&[], &counts);
}
