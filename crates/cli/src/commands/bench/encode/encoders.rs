//! The encoders that cases run on.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use synaptoroute::{Bert, Kernels, ModelFile, Scratch};

use super::case::Case;
use super::floor::Load;
use crate::failure::Failure;

/// One that keeps to its caller's thread, and one whose threads share a pass.
pub(super) struct Encoders {
    kernels: Kernels,
    alone: Bert,
    together: Option<Bert>,
    vocabulary: usize,
    dimensions: usize,
    desk: Mutex<Desk>,
}

/// Working memory and vectors.
#[derive(Default)]
struct Desk {
    scratch: Scratch,
    vectors: Vec<f32>,
}

impl Encoders {
    pub(super) fn new(
        file: &ModelFile,
        kernels: Kernels,
        threads: NonZero<usize>,
    ) -> Result<Self, Failure> {
        let together = || Bert::new(file, kernels)?.with_threads(threads).map_err(Failure::Runtime);
        Ok(Self {
            kernels,
            alone: Bert::new(file, kernels)?,
            together: (threads.get() > 1).then(together).transpose()?,
            vocabulary: file.config().vocabulary,
            dimensions: file.config().hidden,
            desk: Mutex::default(),
        })
    }

    /// The one that keeps to its caller's thread.
    pub(super) fn alone(&self) -> &Bert {
        &self.alone
    }

    pub(super) fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// What a case has to do.
    pub(super) fn load(&self, case: &Case) -> Load {
        let work = self.alone.work(&case.lengths);
        let weights = self.alone.work(&[1]).linear as usize;
        Load { linear: work.linear, attention: work.attention, weights }
    }

    /// Runs a case so many times; seconds of each.
    pub(super) fn run(&self, case: &Case, times: usize) -> Vec<f64> {
        let ids = case.ids(self.vocabulary);
        let texts: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let encoder = match &self.together {
            Some(together) if case.threads > 1 => together,
            _ => &self.alone,
        };
        // Buffers of a run that panicked are as good as any.
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let Desk { scratch, vectors } = &mut *desk;
        vectors.resize(texts.len() * self.dimensions, 0.0);
        let run = |_| {
            let began = Instant::now();
            encoder.encode_ids(scratch, &texts, vectors);
            began.elapsed().as_secs_f64()
        };
        (0..times).map(run).collect()
    }
}
