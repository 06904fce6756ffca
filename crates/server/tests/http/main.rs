//! The service from outside: a real server on a loopback port, with the real model.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod early;
mod embeddings;
mod original;
mod pressure;
mod problems;
mod routes;
mod stopping;
mod support;
