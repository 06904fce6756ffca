//! Names, codes and typos: n-grams of words and characters, weighted by how rare they are.
//!
//! A route is the mean of its utterances' tf-idf vectors, and its evidence the cosine of the
//! query's to that (Rocchio's classifier). Features are hashed, so nothing but numbers is kept.

use std::collections::HashMap;

use super::ngrams::{self, Features};

/// The vocabulary: how much each feature says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Vocabulary {
    /// Ascending.
    features: Vec<u32>,
    /// ln((1 + texts) / (1 + texts with it)) + 1, of each feature.
    idf: Vec<f32>,
    /// The highest of these, for features that are in no text: looked for once, and not for each
    /// query.
    unknown: f32,
}

/// Each route's mean vector, by feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lexicon {
    /// Where the entries of each feature of the vocabulary begin, and the end.
    starts: Vec<u32>,
    routes: Vec<u16>,
    weights: Vec<f32>,
}

impl Vocabulary {
    /// Learns from all texts which features are rare.
    pub(super) fn learn<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let total = texts.len() as f64;
        let mut texts_with: HashMap<u32, u32> = HashMap::new();
        for text in texts {
            for feature in ngrams::counts(text).into_iter().flat_map(HashMap::into_keys) {
                *texts_with.entry(feature).or_default() += 1;
            }
        }
        let mut texts_with: Vec<(u32, u32)> = texts_with.into_iter().collect();
        texts_with.sort_unstable();
        let idf =
            |(_, with): &(u32, u32)| (((1.0 + total) / (1.0 + f64::from(*with))).ln() + 1.0) as f32;
        let idf = texts_with.iter().map(idf).collect();
        Self::of(texts_with.into_iter().map(|(feature, _)| feature).collect(), idf)
    }

    fn of(features: Vec<u32>, idf: Vec<f32>) -> Self {
        let unknown = idf.iter().copied().fold(1.0, f32::max);
        Self { features, idf, unknown }
    }

    /// A text's unit vector, as indices into the vocabulary with weights: half of its square
    /// is words', half runs of characters'. What the vocabulary lacks counts as rare in its
    /// length, and nowhere else: a text of unknown words is near to no route.
    pub(super) fn vector(&self, text: &str) -> Features {
        let mut vector = Features::new();
        for counts in ngrams::counts(text) {
            let first = vector.len();
            let mut square = 0.0_f64;
            let mut counts: Vec<(u32, u32)> = counts.into_iter().collect();
            counts.sort_unstable();
            for (feature, count) in counts {
                let frequency = 1.0 + (count as f32).ln();
                let known = self.features.binary_search(&feature).ok();
                let weight = frequency * known.map_or(self.unknown, |index| self.idf[index]);
                square += f64::from(weight) * f64::from(weight);
                vector.extend(known.map(|index| (index as u32, weight)));
            }
            let scale = (0.5 / square.max(f64::MIN_POSITIVE)).sqrt() as f32;
            vector[first..].iter_mut().for_each(|(_, weight)| *weight *= scale);
        }
        vector.sort_unstable_by_key(|&(index, _)| index);
        vector
    }

    fn len(&self) -> usize {
        self.features.len()
    }

    /// Features and their weights.
    pub(super) fn parts(&self) -> (&[u32], &[f32]) {
        (&self.features, &self.idf)
    }

    /// Of what [`Self::parts`] gave; `None` of anything else.
    pub(super) fn from_parts(features: Vec<u32>, idf: Vec<f32>) -> Option<Self> {
        let sound = features.len() == idf.len() && features.is_sorted_by(|a, b| a < b);
        sound.then(|| Self::of(features, idf))
    }
}

impl Lexicon {
    /// Each route's mean over the texts of these vectors and labels.
    pub(super) fn learn<'a>(
        vocabulary: &Vocabulary,
        texts: impl Iterator<Item = (&'a Features, usize)>,
        routes: usize,
    ) -> Self {
        let mut entries: Vec<(u32, u16, f32)> = Vec::new();
        for (vector, route) in texts {
            let route = u16::try_from(route).expect("no more routes than a head has");
            entries.extend(vector.iter().map(|&(feature, weight)| (feature, route, weight)));
        }
        // Stable, so that weights are added in the order of the texts.
        entries.sort_by_key(|&(feature, route, _)| (feature, route));
        entries.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 += next.2;
            }
            same
        });
        let mut squares = vec![0.0_f64; routes];
        for &(_, route, weight) in &entries {
            squares[usize::from(route)] += f64::from(weight) * f64::from(weight);
        }
        let lengths: Vec<f32> = squares.iter().map(|square| square.sqrt() as f32).collect();
        let mut starts = vec![0; vocabulary.len() + 1];
        for &(feature, ..) in &entries {
            starts[feature as usize + 1] += 1;
        }
        for feature in 0..vocabulary.len() {
            starts[feature + 1] += starts[feature];
        }
        Self {
            starts,
            routes: entries.iter().map(|&(_, route, _)| route).collect(),
            weights: entries
                .iter()
                .map(|&(_, route, weight)| weight / lengths[usize::from(route)])
                .collect(),
        }
    }

    /// Where the entries of each feature begin, their routes and their weights.
    pub(super) fn parts(&self) -> (&[u32], &[u16], &[f32]) {
        (&self.starts, &self.routes, &self.weights)
    }

    /// Of what [`Self::parts`] gave for this vocabulary and so many routes; `None` of anything
    /// else.
    pub(super) fn from_parts(
        vocabulary: &Vocabulary,
        starts: Vec<u32>,
        routes: &[u32],
        weights: Vec<f32>,
        count: usize,
    ) -> Option<Self> {
        let known = |&route: &u32| u16::try_from(route).ok().filter(|_| (route as usize) < count);
        let routes: Vec<u16> = routes.iter().map(known).collect::<Option<_>>()?;
        let sound = starts.len() == vocabulary.len() + 1
            && starts.is_sorted()
            && starts.first() == Some(&0)
            && starts.last().is_some_and(|&end| end as usize == routes.len())
            && routes.len() == weights.len();
        sound.then_some(Self { starts, routes, weights })
    }

    /// Puts the cosine of a vector to each route into `out`.
    pub(super) fn cosines(&self, vector: &Features, out: &mut [f32]) {
        out.fill(0.0);
        for &(feature, weight) in vector {
            let entries =
                self.starts[feature as usize] as usize..self.starts[feature as usize + 1] as usize;
            for (&route, &of_route) in
                self.routes[entries.clone()].iter().zip(&self.weights[entries])
            {
                out[usize::from(route)] += weight * of_route;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(texts: &[(&str, usize)], routes: usize) -> (Vocabulary, Lexicon) {
        let vocabulary = Vocabulary::learn(texts.iter().map(|(text, _)| *text));
        let vectors: Vec<Features> =
            texts.iter().map(|(text, _)| vocabulary.vector(text)).collect();
        let labelled = vectors.iter().zip(texts.iter().map(|&(_, route)| route));
        let lexicon = Lexicon::learn(&vocabulary, labelled, routes);
        (vocabulary, lexicon)
    }

    #[test]
    fn a_code_finds_its_route_though_mistyped() {
        let texts = [("reset order AX-1733", 0), ("where is order BQ-9921", 1)];
        let (vocabulary, lexicon) = learned(&texts, 2);
        let mut cosines = [0.0; 2];
        lexicon.cosines(&vocabulary.vector("ordr ax1733"), &mut cosines);
        assert!(cosines[0] > cosines[1], "{cosines:?}");
        lexicon.cosines(&vocabulary.vector(texts[1].0), &mut cosines);
        assert!((cosines[1] - 1.0).abs() < 1e-5, "its own text: {cosines:?}");
        lexicon.cosines(&vocabulary.vector("完全に別の"), &mut cosines);
        assert_eq!(cosines, [0.0; 2]);
    }
}
