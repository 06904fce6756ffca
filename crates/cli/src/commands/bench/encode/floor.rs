//! What no pass can be faster than.

/// What so many threads can do at most, a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// 8-bit multiply-adds.
    pub(super) integer: f64,
    /// `f32` multiply-adds.
    pub(super) float: f64,
    /// Bytes of the weights, from where they lie.
    pub(super) bytes: f64,
}

/// What a pass has to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// 8-bit multiply-adds of the linear layers.
    pub(super) linear: u64,
    /// `f32` multiply-adds of attention.
    pub(super) attention: u64,
    /// Bytes of weights; read once, however many texts there are.
    pub(super) weights: usize,
}

impl Load {
    /// Seconds that it takes at least: weights come while others are multiplied, and
    /// attention has to wait for both.
    pub(super) fn floor(&self, limits: &Limits) -> f64 {
        let multiplied = self.linear as f64 / limits.integer;
        let read = self.weights as f64 / limits.bytes;
        multiplied.max(read) + self.attention as f64 / limits.float
    }
}
