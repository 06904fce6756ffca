//! SynaptoRoute over HTTP: a [`Router`](synaptoroute::Router) behind a listener.
//!
//! ```no_run
//! use std::sync::Arc;
//! use synaptoroute::{Bert, Kernels, Router};
//! use synaptoroute_server::{Config, serve};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let model = Bert::open("models/bge-small-en-v1.5/model.safetensors", Kernels::from_env()?)?;
//! let router = Router::new(Arc::new(model));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
//! serve(router, listener, Config::default(), ctrl_c).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A program that is written in Rust and asks for itself alone needs no server: it calls
//! the [`Router`](synaptoroute::Router).
//!
//! In the order in which a request meets them:
//!
//! - `serve`: begins, and stops without dropping what was admitted; or is part of another
//!   program, as [`service`].
//! - `connection`: takes connections, over `tls` or not, and holds each to the `limits`.
//! - `app`: which handler answers which path; `access` who may ask it, `cors` which web pages,
//!   `hosts` by which names.
//! - `request`: bytes to checked values; nothing further in checks them again.
//! - `decide`, `evaluate`, `embeddings`: the handlers that ask; `fit`, `tune`: those that learn;
//!   `read`, `settings`, `history`, `transfer`, `backup`, `lint`, `health`: those that read; `write`,
//!   `texts`, `namespaces`, `models`: those that change.
//! - `change`: the way every change goes, from a draft to its being durable.
//! - `intake`: how many bytes of requests are inside at a time; `deadline`: how long each may
//!   take.
//! - `reply`: an answer that may be large, bounded and counted too.
//! - `aside`: reads, copies, studies and fits, on other threads than those that encode.
//! - `engine`: the threads that encode, and the bounded queue before them.
//! - `observe`: request ids, metrics, access lines and spans, around all of it.
//! - `failure`: everything that goes wrong, and its status, in one place; `fault` is what is
//!   wrong with one value, `problem` writes it all down as RFC 9457 says.
//! - `openapi`: the contract as a document, made from the handlers and types, and a page to read it.
//! - `unread`: what becomes of a connection when the answer was ready before the body.

mod access;
mod app;
mod aside;
mod backup;
mod change;
mod config;
mod connection;
mod cors;
mod deadline;
mod decide;
mod embeddings;
mod engine;
mod evaluate;
mod failure;
mod fault;
mod fit;
mod health;
mod history;
mod hosts;
mod intake;
mod limits;
mod lint;
mod models;
mod namespaces;
mod observe;
mod openapi;
mod problem;
mod read;
mod reply;
mod request;
mod serve;
mod settings;
mod texts;
mod tls;
mod transfer;
mod tune;
mod unread;
mod write;

pub use access::{Access, ApiKey, Keys, KeysError, Role};
pub use config::Config;
pub use cors::{Origin, OriginError};
pub use hosts::{HostName, HostNameError};
pub use limits::Limits;
pub use observe::Spans;
pub use serve::{ServeError, serve, service};
pub use tls::{Tls, TlsError};
