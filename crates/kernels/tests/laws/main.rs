//! Laws every instruction set keeps: integers equal a naive sum, and equal activation
//! widths give equal bits. `SYNAPTOROUTE_ISA` plays no part: each test runs all that this
//! machine has.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod attention;
mod bits;
mod fixture;
mod isa;
mod linear;
mod matmul;
mod rows;
mod scan;
