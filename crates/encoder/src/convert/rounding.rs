//! From f32 weights to the file: calibration, balancing, rounding, writing.

use std::num::NonZero;
use std::sync::OnceLock;

use synaptoroute_kernels::{Crew, Kernels};

use super::reference::Products;
use super::samples::{Reach, Samples};
use super::{Converted, quantise, reference, write};
use crate::config::Config;
use crate::file::OUT_OF_FOLD;
use crate::float::FloatWeights;

/// Texts that run together: a layer's weights are read once for all of them.
const GROUP: usize = 32;
/// Groups a thread gets before it is told how far it is: enough to even out threads that are not
/// equally fast.
const ROUND: usize = 4;

/// Weights to be rounded, and texts to balance them by.
pub(super) struct Rounding<'a> {
    pub(super) weights: &'a FloatWeights,
    pub(super) config: Config,
    /// The tokens in order, one a line.
    pub(super) vocabulary: Vec<u8>,
    /// Token ids of typical texts; the last is the frame around an empty text.
    pub(super) sentences: Vec<Vec<u32>>,
    pub(super) products: Products,
    pub(super) reach: Reach,
    /// Taken over as it is.
    pub(super) out_of_fold: Option<Vec<u8>>,
    /// The file is the same whatever their number.
    pub(super) threads: NonZero<usize>,
}

impl Rounding<'_> {
    /// The model file, or the name of a tensor that is not finite. Calls `progress(done, of)` as
    /// texts pass, on the caller's thread.
    pub(super) fn run(self, progress: impl FnMut(usize, usize)) -> Result<Converted, String> {
        let frame = self.sentences.last().expect("the frame is among them");
        let lone = match self.reach {
            Reach::Farthest => lone_tokens(&self.config, &self.vocabulary, frame),
            Reach::FourthMoment => Vec::new(),
        };
        let samples = self.samples(&lone, progress);
        let mut tensors = quantise::tensors(self.weights, &samples, self.reach, self.vocabulary);
        tensors.extend(self.out_of_fold.map(|bytes| write::Tensor {
            name: OUT_OF_FOLD.to_owned(),
            shape: vec![bytes.len()],
            data: write::Data::U8(bytes),
        }));
        match tensors.iter().find(|tensor| !tensor.data.is_finite()) {
            Some(tensor) => Err(tensor.name.clone()),
            None => {
                Ok(Converted { bytes: write::file(&self.config, tensors), config: self.config })
            }
        }
    }

    /// What the layers take in, on all threads.
    fn samples(&self, lone: &[Vec<u32>], mut progress: impl FnMut(usize, usize)) -> Samples {
        // Lone tokens stretch the ranges, but the middle is that of real sentences.
        let groups = self.sentences.chunks(GROUP).map(|texts| (texts, true));
        let groups: Vec<_> = groups.chain(lone.chunks(GROUP).map(|texts| (texts, false))).collect();
        let of = self.sentences.len() + lone.len();
        // Without more threads the work is done all the same.
        let crew = Crew::new(self.threads.get() - 1).unwrap_or_else(|_| Crew::alone());
        let kernels = Kernels::detect();
        let mut all = Samples::new(&self.config);
        let mut done = 0;
        for groups in groups.chunks(ROUND * crew.size()) {
            progress(done, of);
            let slots: Vec<_> = groups.iter().map(|_| OnceLock::new()).collect();
            crew.keep().run(groups.len(), |_, group| {
                let (texts, keep_rows) = groups[group];
                let mut samples = Samples::new(&self.config);
                samples.keep_rows = keep_rows;
                reference::run(self.weights, &kernels, self.products, texts, &mut samples);
                slots[group].get_or_init(|| samples);
            });
            // In their order, on which a sum of many rows depends.
            slots.into_iter().filter_map(OnceLock::into_inner).for_each(|samples| all.add(samples));
            done += groups.iter().map(|(texts, _)| texts.len()).sum::<usize>();
        }
        progress(of, of);
        all
    }
}

/// Every eighth token, inside the frame of every text; not those in brackets, which are
/// markers or were never trained.
fn lone_tokens(config: &Config, vocabulary: &[u8], frame: &[u32]) -> Vec<Vec<u32>> {
    let words = vocabulary.split(|&b| b == b'\n').zip(0..config.vocabulary as u32);
    let spread = words.step_by(8).filter(|(word, _)| !word.starts_with(b"["));
    spread.map(|(_, id)| vec![frame[0], id, frame[1]]).collect()
}
