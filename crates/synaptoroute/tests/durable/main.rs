//! What was acknowledged is not lost: real processes that are really killed, real files that
//! are really damaged. The encoder is a cheap one, so that thousands of changes take seconds.
//!
//! - `kill`: a process is killed while it writes.
//! - `power`: what a disk may hold after a power cut, replayed from traced system calls.
//! - `install`: a model is changed meanwhile, and the disk has no room for it.
//! - `stop`: a clean stop with many writes in flight.
//! - `trouble`: a full disk, a read-only or locked file, a damaged page, a truncated log.
//! - `random`: thousands of random operations against a naive map.
//! - `reads`: whoever is told of a change sees it, and nobody sees what was deleted.
//! - `hostile`: what nobody should do.
//!
//! And what they are made of:
//!
//! - `chance`: random changes; `naive`: what should come of them.
//! - `writers`: threads that make them and say so; `settle`: whether what they said is there.
//! - `child`: this binary as a process of its own.
//! - `support`: an encoder that costs nothing.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![expect(clippy::print_stdout, reason = "how much was tried is part of the result")]

mod chance;
mod child;
mod hostile;
mod install;
mod kill;
mod naive;
mod power;
mod random;
mod reads;
mod settle;
mod stop;
mod support;
mod trouble;
mod writers;
