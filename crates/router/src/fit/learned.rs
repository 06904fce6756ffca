//! What a fit keeps of the utterances: the evidence that is not counted live.

use super::corpus::Corpus;
use super::executor::Executor;
use super::head::{Head, Lesson};
use super::lexical::{Lexicon, Vocabulary};
use super::matrix::Matrix;
use super::ngrams::Features;

/// Head, centroids and words of routes: a row or an entry each, in the corpus' order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Learned {
    pub(crate) head: Head,
    /// Unit vectors.
    pub(crate) centroids: Matrix,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) lexicon: Lexicon,
}

/// The evidence of routes for queries: a row a query, a column a route.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) nearest: Matrix,
    pub(super) centroid: Matrix,
    pub(super) head: Matrix,
    pub(super) lexical: Matrix,
}

/// The mean vector of each route over some rows, at length 1; of a route without rows zero.
pub(super) fn centroids(corpus: &Corpus, rows: &[usize]) -> Matrix {
    let width = corpus.vectors.columns;
    let mut sums = vec![0.0_f64; corpus.routes() * width];
    for &row in rows {
        let sum = &mut sums[corpus.labels[row] * width..][..width];
        sum.iter_mut().zip(corpus.vectors.row(row)).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    let mut centroids = Matrix::zeros(corpus.routes(), width);
    for (route, sum) in sums.chunks_exact(width).enumerate() {
        let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let row = centroids.row_mut(route).iter_mut();
        row.zip(sum).for_each(|(x, sum)| *x = (sum / length) as f32);
    }
    centroids
}

/// Learns from these rows of the corpus, all but the vocabulary.
pub(super) fn lesson<'a>(corpus: &'a Corpus, rows: &'a [usize]) -> Lesson<'a> {
    Lesson {
        vectors: &corpus.vectors,
        labels: &corpus.labels,
        classes: corpus.routes(),
        rows,
        mean: &corpus.mean,
    }
}

impl Learned {
    /// Learns from all texts. `features` are theirs, by the vocabulary. Without a strength there is
    /// no head.
    pub(super) fn from_all(
        corpus: &Corpus,
        vocabulary: Vocabulary,
        features: &[Features],
        strength: Option<f64>,
        executor: &dyn Executor,
    ) -> Self {
        let rows: Vec<usize> = (0..corpus.len()).collect();
        let labelled = features.iter().zip(corpus.labels.iter().copied());
        let head = match strength {
            Some(strength) => Head::learn(&lesson(corpus, &rows), strength, executor),
            None => Head::none(corpus.routes(), corpus.vectors.columns),
        };
        Self {
            head,
            centroids: centroids(corpus, &rows),
            lexicon: Lexicon::learn(&vocabulary, labelled, corpus.routes()),
            vocabulary,
        }
    }

    /// The evidence for texts that were not learned from.
    pub(super) fn judge(&self, corpus: &Corpus, texts: &[&str], vectors: &Matrix) -> Table {
        let mut lexical = Matrix::zeros(texts.len(), corpus.routes());
        for (row, text) in texts.iter().enumerate() {
            self.lexicon.cosines(&self.vocabulary.vector(text), lexical.row_mut(row));
        }
        let similarities = vectors.times_transposed(&corpus.vectors);
        let mut nearest = Matrix::zeros(texts.len(), corpus.routes());
        let spans = corpus.spans();
        for row in 0..vectors.rows {
            for (route, own) in spans.iter().enumerate() {
                let own = similarities.row(row)[own.clone()].iter().copied();
                nearest.row_mut(row)[route] = mean_of_best(own);
            }
        }
        Table {
            nearest,
            centroid: vectors.times_transposed(&self.centroids),
            head: self.head.logits(vectors),
            lexical,
        }
    }
}

impl Table {
    /// The rows of all of them, one after the other.
    pub(super) fn stack(tables: Vec<Self>, routes: usize) -> Self {
        let none = || Matrix { rows: 0, columns: routes, data: Vec::new() };
        let mut all = Self { nearest: none(), centroid: none(), head: none(), lexical: none() };
        for table in tables {
            all.nearest.append(table.nearest);
            all.centroid.append(table.centroid);
            all.head.append(table.head);
            all.lexical.append(table.lexical);
        }
        all
    }
}

/// The mean of the three highest, or of all if there are fewer, as `nearest` is defined.
pub(super) fn mean_of_best(similarities: impl Iterator<Item = f32>) -> f32 {
    let mut best = [f32::NEG_INFINITY; crate::evidence::NEAREST];
    let mut count = 0;
    for similarity in similarities {
        count += 1;
        if similarity > best[2] {
            let rank = best.partition_point(|&other| other >= similarity);
            best[rank..].rotate_right(1);
            best[rank] = similarity;
        }
    }
    let count = best.len().min(count);
    best[..count].iter().sum::<f32>() / count.max(1) as f32
}
