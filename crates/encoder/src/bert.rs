//! The BERT encoder: a model file, its tokenizer, and kernels to run it.

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use synaptoroute_kernels::{Crew, Kernels, RowsMut, Team};

use crate::bytes::SharedBytes;
use crate::config::Config;
use crate::encoder::{Embedding, EncodeError, Encoder, ModelInfo};
use crate::error::OpenError;
use crate::file::ModelFile;
use crate::forward::Pass;
use crate::scratch::{Buffers, Scratch, Size};
use crate::tokenizer::{Tokenizer, Tokens};
use crate::weights::Weights;

/// Most tokens of one pass: it bounds working memory (about 9 MB a worker with hidden width
/// 384), and a batch does not make a token cheaper anyway.
const PASS_TOKENS: usize = 512;
/// Shares of a batch that each thread gets, to even out threads that are not equally fast: 32
/// texts on two threads took 16.6 ms with two shares each, 17.0 with one, 18.2 with four, and
/// 20 where all threads shared each pass.
const SHARES: usize = 2;

/// A BERT model, ready to encode; share one between threads.
#[derive(Debug)]
pub struct Bert {
    config: Config,
    weights: Weights,
    tokenizer: Tokenizer,
    kernels: Kernels,
    info: ModelInfo,
    out_of_fold: Option<SharedBytes>,
    crew: Crew,
    /// Working memory not in use: there are as many as callers were ever at work at once.
    idle: Mutex<Vec<Scratch>>,
}

impl Bert {
    /// Opens a model file.
    ///
    /// # Errors
    ///
    /// See [`crate::ModelError`]; the message names the file.
    pub fn open(path: impl AsRef<Path>, kernels: Kernels) -> Result<Self, OpenError> {
        Self::new(&ModelFile::open(path)?, kernels)
    }

    /// Takes a model file that is open.
    ///
    /// # Errors
    ///
    /// A tensor is missing or of another shape, or the vocabulary makes no tokenizer.
    pub fn new(file: &ModelFile, kernels: Kernels) -> Result<Self, OpenError> {
        let config = file.config().clone();
        let read = || Ok((Weights::read(file)?, Tokenizer::of(file)?, file.out_of_fold()?));
        let (weights, tokenizer, out_of_fold) =
            read().map_err(|e: crate::ModelError| e.at(file.origin()))?;
        let info = ModelInfo {
            name: config.name.clone(),
            fingerprint: file.fingerprint(),
            dimensions: config.hidden,
            max_tokens: config.max_tokens,
            pooling: config.pooling,
            isa: kernels.isa(),
            activation_width: kernels.isa().fast_width(),
        };
        let crew = Crew::alone();
        let idle = Mutex::default();
        Ok(Self { config, weights, tokenizer, kernels, info, out_of_fold, crew, idle })
    }

    /// Lets up to `threads` threads share a pass, or the texts of a batch, while no other call is
    /// under way: a lone query is answered sooner, and with several each runs on one thread all
    /// the same. The vectors are the same to the bit.
    ///
    /// Without this, every pass runs on its caller's thread alone.
    ///
    /// # Errors
    ///
    /// The system gives no more threads.
    pub fn with_threads(self, threads: NonZero<usize>) -> io::Result<Self> {
        Ok(Self { crew: Crew::new(threads.get() - 1)?, ..self })
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The linear layers' weights, as a pass reads them: for a benchmark to measure how fast
    /// they come from where they lie.
    #[must_use]
    pub fn weight_stream(&self) -> &[i8] {
        &self.weights.stream
    }

    /// Multiply-adds that texts of these many tokens take.
    #[must_use]
    pub fn work(&self, tokens: &[usize]) -> Work {
        let Config { layers, hidden, intermediate, .. } = self.config;
        let linear = layers * (4 * hidden * hidden + 2 * hidden * intermediate);
        let count = |n: usize| n as u64;
        Work {
            linear: count(tokens.iter().sum::<usize>() * linear),
            attention: tokens.iter().map(|n| count(layers * 2 * n * n * hidden)).sum(),
        }
    }

    /// Encodes token ids, `[CLS]` and `[SEP]` included; writes `[texts][dimensions]`.
    ///
    /// # Panics
    ///
    /// If a text is empty, longer than the model takes, or holds an id beyond the
    /// vocabulary, or `out` has another length.
    pub fn encode_ids(&self, scratch: &mut Scratch, texts: &[&[u32]], out: &mut [f32]) {
        assert_eq!(out.len(), texts.len() * self.config.hidden, "one vector a text");
        for ids in texts {
            assert!((1..=self.config.max_tokens).contains(&ids.len()), "{} tokens", ids.len());
            assert!(ids.iter().all(|&id| (id as usize) < self.config.vocabulary), "unknown id");
        }
        let tokens = texts.iter().map(|ids| ids.len()).sum::<usize>();
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut team = self.crew.join();
        let of_pass = tokens.min(longest.max(PASS_TOKENS));
        let size = Size { texts: texts.len().min(of_pass), tokens: of_pass, longest };
        let shares = SHARES * team.size();
        if team.size() == 1 || longest * shares > tokens {
            scratch.reserve_shared(&self.config, team.size(), &size);
            self.passes(&mut team, &mut scratch.free(), texts, out);
        } else {
            // Enough for everyone: threads that need not wait for each other at each stage. In
            // rounds, because only between two of them another caller gets a core for itself.
            scratch.reserve_apart(&self.config, team.size(), &size);
            let scratch = &*scratch;
            let mut first = 0;
            while first < texts.len() {
                let count = texts_within(&texts[first..], team.size() * PASS_TOKENS);
                let texts = &texts[first..first + count];
                let out = &mut out[first * self.config.hidden..][..count * self.config.hidden];
                let rows = RowsMut { reals: out, ..RowsMut::default() };
                team.rows_in_parts(shares, count, rows, move |range, rows| {
                    let mut alone = Team::alone();
                    self.passes(&mut alone, &mut scratch.free(), &texts[range], rows.reals);
                });
                first += count;
            }
        }
    }

    /// Runs as many passes as the texts take.
    fn passes(
        &self,
        team: &mut Team<'_>,
        scratch: &mut Buffers,
        texts: &[&[u32]],
        out: &mut [f32],
    ) {
        let mut first = 0;
        while first < texts.len() {
            let count = texts_within(&texts[first..], PASS_TOKENS);
            let pass = Pass {
                config: &self.config,
                weights: &self.weights,
                kernels: self.kernels,
                team,
                scratch,
                texts: &texts[first..first + count],
            };
            pass.run(&mut out[first * self.config.hidden..][..count * self.config.hidden]);
            first += count;
        }
    }

    /// Lends working memory to `work`.
    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        // A poisoned list is still a list of buffers whose contents nobody reads.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The largest first: then few ever grow to what a batch on all threads takes.
        let take = |mut idle: MutexGuard<'_, Vec<Scratch>>| {
            let sizes = idle.iter().enumerate().map(|(index, scratch)| (scratch.passes(), index));
            sizes.max().map(|(_, index)| idle.swap_remove(index))
        };
        let mut scratch = take(idle()).unwrap_or_default();
        let result = work(&mut scratch);
        idle().push(scratch);
        result
    }
}

/// What a model computes for some texts, before anything is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Integer multiply-adds of the linear layers. (With CLS pooling the last layer does
    /// without most of them.)
    pub linear: u64,
    /// `f32` multiply-adds of attention: scores, and the values they mix.
    pub attention: u64,
}

/// How many of the first texts have so many tokens at most; at least one.
fn texts_within(texts: &[&[u32]], most: usize) -> usize {
    let mut tokens = 0;
    let fits = texts.iter().take_while(|ids| {
        tokens += ids.len();
        tokens <= most
    });
    fits.count().max(1)
}

impl Encoder for Bert {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        self.encode_timed(texts).map(|(embeddings, _tokenising)| embeddings)
    }

    fn encode_timed(&self, texts: &[&str]) -> Result<(Vec<Embedding>, Duration), EncodeError> {
        let started = Instant::now();
        let tokenise = |(index, text): (usize, &&str)| {
            self.tokenizer
                .encode(text)
                .map_err(|e| EncodeError::Tokenizer { index, message: e.to_string() })
        };
        let tokens: Vec<Tokens> =
            texts.iter().enumerate().map(tokenise).collect::<Result<_, _>>()?;
        let tokenising = started.elapsed();
        let ids: Vec<&[u32]> = tokens.iter().map(|t| t.ids.as_slice()).collect();
        let mut vectors = vec![0.0; texts.len() * self.config.hidden];
        self.with_scratch(|scratch| self.encode_ids(scratch, &ids, &mut vectors));
        let embed = |(vector, tokens): (&[f32], &Tokens)| Embedding {
            vector: vector.to_vec(),
            tokens: tokens.ids.len(),
            truncated: tokens.truncated,
        };
        let embeddings = vectors.chunks_exact(self.config.hidden).zip(&tokens).map(embed).collect();
        Ok((embeddings, tokenising))
    }

    fn knows(&self, word: &str) -> bool {
        self.tokenizer.knows(word)
    }

    fn out_of_fold(&self) -> Option<&[u8]> {
        self.out_of_fold.as_ref().map(SharedBytes::as_slice)
    }
}
