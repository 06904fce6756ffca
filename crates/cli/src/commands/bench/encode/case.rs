//! What is encoded: texts of many lengths alone, and batches of short ones.

/// Tokens of texts that are measured alone.
const LENGTHS: [usize; 11] = [4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512];
/// The same where less will do.
const FEWER_LENGTHS: [usize; 6] = [6, 12, 24, 64, 128, 512];
/// Texts of a batch.
const BATCHES: [usize; 4] = [1, 8, 32, 128];
/// Tokens of a batch's texts, over and over: those of short questions.
const RAGGED: [usize; 10] = [6, 9, 12, 14, 8, 17, 11, 22, 7, 13];

/// Texts to encode together, on so many threads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    /// Tokens of each text.
    pub(super) lengths: Vec<usize>,
    pub(super) threads: usize,
    pub(super) is_batch: bool,
}

impl Case {
    /// Everything: on one thread, then on all where there are more. Texts longer than the
    /// model takes are left out.
    pub(super) fn all(threads: usize, max_tokens: usize) -> Vec<Self> {
        let on = |threads| {
            let texts = LENGTHS.into_iter().map(move |tokens| Self::text(tokens, threads));
            texts.chain(BATCHES.into_iter().map(move |texts| Self::batch(texts, threads)))
        };
        let cases = on(1).chain((threads > 1).then(|| on(threads)).into_iter().flatten());
        cases.filter(|case| case.fits(max_tokens)).collect()
    }

    /// A few texts alone, on one thread.
    pub(super) fn few(max_tokens: usize) -> Vec<Self> {
        let cases = FEWER_LENGTHS.into_iter().map(|tokens| Self::text(tokens, 1));
        cases.filter(|case| case.fits(max_tokens)).collect()
    }

    pub(super) fn text(tokens: usize, threads: usize) -> Self {
        Self { lengths: vec![tokens], threads, is_batch: false }
    }

    fn batch(texts: usize, threads: usize) -> Self {
        let lengths = RAGGED.into_iter().cycle().take(texts).collect();
        Self { lengths, threads, is_batch: true }
    }

    fn fits(&self, max_tokens: usize) -> bool {
        self.lengths.iter().all(|&tokens| tokens <= max_tokens)
    }

    pub(super) fn texts(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn tokens(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Ids of as many tokens as each text has. Which ones does not change the time.
    pub(super) fn ids(&self, vocabulary: usize) -> Vec<Vec<u32>> {
        let id = |token: usize| (token * 7919 % vocabulary) as u32;
        let text = |(text, &tokens): (usize, &usize)| (0..tokens).map(|t| id(text + t)).collect();
        self.lengths.iter().enumerate().map(text).collect()
    }
}
