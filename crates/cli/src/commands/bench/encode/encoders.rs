//! The encoders that cases run on.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use synaptoroute::{Bert, Kernels, ModelFile, Scratch};

use super::at_once::at_once;
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
    /// Each thread's working memory and vectors.
    desks: Vec<Mutex<Desk>>,
}

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
            desks: (0..threads.get()).map(|_| Mutex::default()).collect(),
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
    ///
    /// A batch goes to the threads in shares, a pass each, and whoever is free takes the next:
    /// nobody waits for a thread that something else holds up, but for its last share. All
    /// threads sharing each pass took 20.0 ms for 32 texts on two threads of a busy machine
    /// (AVX-512 VNNI), shares 16.6; one share a thread 17.0, four 18.2.
    pub(super) fn run(&self, case: &Case, times: usize) -> Vec<f64> {
        let ids = case.ids(self.vocabulary);
        let texts: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let (encoder, threads) = match &self.together {
            Some(together) if !case.is_split() => (together, 1),
            _ => (&self.alone, case.threads),
        };
        let shares = case.shares();
        let next: Vec<AtomicUsize> = (0..times).map(|_| AtomicUsize::new(0)).collect();
        let turns = at_once(threads, times, |thread, turn| {
            // Buffers of a run that panicked are as good as any.
            let mut desk = self.desks[thread].lock().unwrap_or_else(PoisonError::into_inner);
            let Desk { scratch, vectors } = &mut *desk;
            while let Some(share) = shares.get(next[turn].fetch_add(1, Ordering::Relaxed)) {
                let texts = &texts[share.clone()];
                vectors.resize(texts.len() * self.dimensions, 0.0);
                encoder.encode_ids(scratch, texts, vectors);
            }
        });
        turns.iter().map(|turn| turn.seconds).collect()
    }
}
