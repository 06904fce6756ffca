//! The service from outside: a real server on a loopback port, with the real model.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod backup;
mod copies;
mod cors;
mod deadlines;
mod early;
mod embeddings;
mod evaluate;
mod fit;
mod history;
mod hosts;
mod lint;
mod metrics;
mod mutations;
mod namespaces;
mod openapi;
mod original;
mod pressure;
mod problems;
mod readiness;
mod refusals;
mod replies;
mod routes;
mod slow;
mod spans;
mod stopping;
mod support;
mod tls;
mod tracing;
mod transfer;
mod tune;
mod writers;
