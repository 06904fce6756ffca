//! Evidence about texts from models that never saw them.

use super::corpus::Corpus;
use super::executor::{Executor, map};
use super::head::{Head, Lesson};
use super::learned::{Table, centroids, lesson, mean_of_best};
use super::lexical::{Lexicon, Vocabulary};
use super::matrix::{Matrix, times_transposed};
use super::ngrams::Features;

/// Queries whose similarities to all texts are computed in one go.
const BLOCK: usize = 128;
/// In how many parts routes are held out as wholes.
const PARTS: usize = 3;
/// With fewer routes than this none are held out: what would be left says nothing.
const ROUTES: usize = 6;

/// Puts rows of a smaller table where they belong.
fn scatter(from: &Matrix, rows: &[usize], to: &mut Matrix) {
    for (number, &row) in rows.iter().enumerate() {
        to.row_mut(row).copy_from_slice(from.row(number));
    }
}

/// Heads that each lack one fold, with the strength that stands beside it.
pub(super) fn heads(
    corpus: &Corpus,
    wanted: &[(usize, f64)],
    executor: &dyn Executor,
) -> Vec<Head> {
    map(executor, wanted.len(), |number| {
        let (fold, strength) = wanted[number];
        Head::learn(&lesson(corpus, &corpus.without_fold(fold)), strength, executor)
    })
}

/// Rows that this fold holds out.
pub(super) fn rows_of(corpus: &Corpus, fold: usize) -> Vec<usize> {
    (0..corpus.len()).filter(|&row| corpus.folds[row] == Some(fold)).collect()
}

/// The evidence of every text that some fold holds out; rows of others are of no meaning.
/// `heads` has one for each fold.
pub(super) fn table(
    corpus: &Corpus,
    features: &[Features],
    vocabulary: &Vocabulary,
    heads: &[Head],
    executor: &dyn Executor,
) -> Table {
    let zeros = || Matrix::zeros(corpus.len(), corpus.routes());
    let mut table = Table { nearest: zeros(), centroid: zeros(), head: zeros(), lexical: zeros() };
    let parts = map(executor, corpus.fold_count, |fold| {
        let (own, others) = (rows_of(corpus, fold), corpus.without_fold(fold));
        let vectors = corpus.vectors.select(&own);
        let labelled = others.iter().map(|&row| (&features[row], corpus.labels[row]));
        let lexicon = Lexicon::learn(vocabulary, labelled, corpus.routes());
        let mut lexical = Matrix::zeros(own.len(), corpus.routes());
        for (number, &row) in own.iter().enumerate() {
            lexicon.cosines(&features[row], lexical.row_mut(number));
        }
        let centroid = vectors.times_transposed(&centroids(corpus, &others));
        (centroid, heads[fold].logits(&vectors), lexical, own)
    });
    for (centroid, head, lexical, own) in parts {
        scatter(&centroid, &own, &mut table.centroid);
        scatter(&head, &own, &mut table.head);
        scatter(&lexical, &own, &mut table.lexical);
    }
    let blocks = map(executor, corpus.len().div_ceil(BLOCK), |block| {
        let first = block * BLOCK;
        nearest(corpus, first..corpus.len().min(first + BLOCK))
    });
    table.nearest.data = blocks.concat();
    table
}

/// `nearest` of some texts to all routes, without the texts of their folds and themselves.
fn nearest(corpus: &Corpus, rows: std::ops::Range<usize>) -> Vec<f32> {
    let width = corpus.vectors.columns;
    let queries = &corpus.vectors.data[rows.start * width..rows.end * width];
    let mut similarities = vec![0.0; rows.len() * corpus.len()];
    times_transposed(queries, &corpus.vectors.data, width, &mut similarities);
    let spans = corpus.spans();
    let mut nearest = Vec::with_capacity(rows.len() * corpus.routes());
    for (row, similarities) in rows.zip(similarities.chunks_exact(corpus.len())) {
        let fold = corpus.folds[row];
        for span in &spans {
            let others = span
                .clone()
                .filter(|&other| other != row && (fold.is_none() || corpus.folds[other] != fold));
            nearest.push(mean_of_best(others.map(|other| similarities[other])));
        }
    }
    nearest
}

/// A third of the routes as foreign texts to the others.
pub(super) struct ForeignRoutes {
    /// Texts of the routes that are held out.
    pub(super) rows: Vec<usize>,
    /// Whether each route is left.
    pub(super) left: Vec<bool>,
    /// Of a head that knows only the routes that are left, by the numbers of all.
    pub(super) logits: Matrix,
}

/// Holds out each third of the routes once; nothing where there are too few. Logits are zero where
/// there is to be no head.
pub(super) fn foreign_routes(
    corpus: &Corpus,
    strength: Option<f64>,
    executor: &dyn Executor,
) -> Vec<ForeignRoutes> {
    if corpus.routes() < ROUTES {
        return Vec::new();
    }
    map(executor, PARTS, |part| {
        // Routes stand by name, and names that begin alike often mean alike: held out in turn,
        // what is left has something near to each.
        let left: Vec<bool> = (0..corpus.routes()).map(|route| route % PARTS != part).collect();
        let (rest, rows): (Vec<usize>, Vec<usize>) =
            (0..corpus.len()).partition(|&row| left[corpus.labels[row]]);
        // The numbers of the routes that are left are made dense, or the head would learn
        // biases of routes that are not there.
        let dense: Vec<usize> = left
            .iter()
            .scan(0, |next, &left| {
                let number = *next;
                *next += usize::from(left);
                Some(number)
            })
            .collect();
        let labels: Vec<usize> = corpus.labels.iter().map(|&label| dense[label]).collect();
        let classes = left.iter().filter(|&&left| left).count();
        let mut logits = Matrix::zeros(rows.len(), corpus.routes());
        let Some(strength) = strength else { return ForeignRoutes { rows, left, logits } };
        let lesson = Lesson { labels: &labels, classes, ..lesson(corpus, &rest) };
        let head = Head::learn(&lesson, strength, executor);
        let narrow = head.logits(&corpus.vectors.select(&rows));
        for row in 0..rows.len() {
            for route in (0..corpus.routes()).filter(|&route| left[route]) {
                logits.row_mut(row)[route] = narrow.at(row, dense[route]);
            }
        }
        ForeignRoutes { rows, left, logits }
    })
}
