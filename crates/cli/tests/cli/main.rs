//! The program itself, as a user runs it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod backup;
mod bench;
mod collector;
mod databases;
mod eval;
mod files;
mod fit;
mod foreign_model;
mod history;
mod install;
mod install_there;
mod lint;
mod mistakes;
mod model;
mod namespaces;
mod reload;
mod route;
mod routes;
mod secrets;
mod serve;
mod support;
mod traces;
mod tune;
