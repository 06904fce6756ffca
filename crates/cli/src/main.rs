//! The `synaptoroute` command.
fn main() {}
