//! The lexical floor: the utterance that shares most words and runs of characters, by tf-idf.

use std::collections::HashMap;

use synaptoroute_benches::Sample;

pub(crate) struct Floor {
    idf: HashMap<String, f64>,
    /// Of each feature, utterances and weights.
    entries: HashMap<String, Vec<(usize, f64)>>,
    intents: Vec<String>,
}

fn features(text: &str) -> HashMap<String, f64> {
    let mut features = HashMap::new();
    let folded = text.to_lowercase();
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *features.entry(word.to_owned()).or_default() += 1.0;
        let chars: Vec<char> = format!("<{word}>").chars().collect();
        for length in 2..=4 {
            for run in chars.windows(length) {
                *features.entry(format!("#{}", run.iter().collect::<String>())).or_default() += 1.0;
            }
        }
    }
    features
}

impl Floor {
    pub(crate) fn new(routes: &[Sample]) -> Self {
        let all: Vec<_> = routes.iter().map(|sample| features(&sample.text)).collect();
        let mut idf: HashMap<String, f64> = HashMap::new();
        for feature in all.iter().flat_map(HashMap::keys) {
            *idf.entry(feature.clone()).or_default() += 1.0;
        }
        idf.values_mut().for_each(|with| *with = (routes.len() as f64 / *with).ln() + 1.0);
        let intents = routes.iter().map(|sample| sample.intent.clone()).collect();
        let mut floor = Self { idf, entries: HashMap::new(), intents };
        for (number, features) in all.into_iter().enumerate() {
            for (feature, weight) in floor.weighed(features) {
                floor.entries.entry(feature).or_default().push((number, weight));
            }
        }
        floor
    }

    fn weighed(&self, features: HashMap<String, f64>) -> Vec<(String, f64)> {
        let unknown = (self.intents.len() as f64).ln() + 1.0;
        let weigh = |(feature, count): (String, f64)| {
            let idf = self.idf.get(&feature).copied().unwrap_or(unknown);
            (feature, (1.0 + count.ln()) * idf)
        };
        let mut weighed: Vec<(String, f64)> = features.into_iter().map(weigh).collect();
        // A hash map's order is another each time, and with it the rounding of sums.
        weighed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let length = weighed.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        weighed.iter_mut().for_each(|(_, weight)| *weight /= length.max(1e-12));
        weighed
    }

    /// The intent of the most similar utterance, and how similar it is.
    pub(crate) fn nearest(&self, text: &str) -> (&str, f64) {
        let mut similarities = vec![0.0; self.intents.len()];
        for (feature, weight) in self.weighed(features(text)) {
            for &(number, of_utterance) in self.entries.get(&feature).into_iter().flatten() {
                similarities[number] += weight * of_utterance;
            }
        }
        let best = (0..similarities.len())
            .max_by(|&a, &b| similarities[a].total_cmp(&similarities[b]).then(b.cmp(&a)));
        best.map_or(("", 0.0), |best| (&self.intents[best], similarities[best]))
    }
}
