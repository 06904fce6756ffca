//! How a store keeps what it is given.

/// What a writer can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether a commit waits for the disk.
    pub durability: Durability,
    /// How many revisions of each namespace stay readable, the current one included; at
    /// least 1, and 0 counts as 1. What only older ones need is deleted bit by bit.
    pub keep_revisions: u64,
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit returns when it would survive a power cut.
    #[default]
    Full,
    /// A commit returns when it would survive the end of the process. A power cut may take
    /// the last acknowledged changes, each as a whole; it never tears one.
    Relaxed,
}

/// Full durability, 1,000 revisions.
impl Default for Options {
    fn default() -> Self {
        Self { durability: Durability::Full, keep_revisions: 1_000 }
    }
}
