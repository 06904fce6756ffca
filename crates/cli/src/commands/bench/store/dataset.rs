//! Stores of any size, made of real embeddings.
//!
//! Sentences the program carries are embedded once. Each is the middle of a route; the route's
//! utterances lie around it in the directions in which real sentences differ. Vectors without
//! such a structure would prove nothing: all would lie equally far from each other.

use synaptoroute::{Encoder, RouteName, Text};

use crate::built_in;
use crate::failure::Failure;

/// How far an utterance lies from its route's middle, as a part of what two sentences differ.
const SPREAD: f32 = 0.35;

/// Sentences and what is needed to make more of them.
pub(super) struct Dataset {
    middles: Vec<Vec<f32>>,
    noise: Noise,
    made: usize,
}

impl Dataset {
    /// Embeds the sentences.
    pub(super) fn new(encoder: &dyn Encoder) -> Result<Self, Failure> {
        let sentences: Vec<&str> = sentences().collect();
        let embedded = encoder.encode(&sentences).map_err(|e| Failure::Bench(e.to_string()))?;
        let middles = embedded.into_iter().map(|embedding| embedding.vector).collect();
        Ok(Self { middles, noise: Noise(1), made: 0 })
    }

    /// How many routes there are.
    pub(super) fn routes(&self) -> usize {
        self.middles.len()
    }

    /// A new text of a route, and its vector.
    pub(super) fn utterance(&mut self, route: usize) -> (Text, Vec<f32>) {
        self.made += 1;
        let text = format!("what people say who want route {route}, number {}", self.made);
        let text = Text::try_from(text).expect("it is short and not blank");
        (text, self.vector(route))
    }

    /// A vector near a route's middle.
    pub(super) fn vector(&mut self, route: usize) -> Vec<f32> {
        let (from, to) = (self.noise.below(self.routes()), self.noise.below(self.routes()));
        let middle = &self.middles[route];
        let differences = self.middles[from].iter().zip(&self.middles[to]);
        let moved = middle.iter().zip(differences).map(|(middle, (from, to))| {
            // A little of the machine's own noise, so that no two are the same.
            middle + SPREAD * (to - from) + 0.005 * self.noise.unit()
        });
        let mut vector: Vec<f32> = moved.collect();
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
        vector
    }

    /// A route's number, as likely as any other's.
    pub(super) fn any_route(&mut self) -> usize {
        self.noise.below(self.routes())
    }
}

/// A route's name.
pub(super) fn name(route: usize) -> RouteName {
    RouteName::try_from(format!("route {route:03}")).expect("it is short and visible")
}

/// Those the model was balanced on, and those of the example routes: some 150.
fn sentences() -> impl Iterator<Item = &'static str> {
    let example = built_in::EXAMPLE_ROUTES.lines().map(str::trim);
    let example = example.filter_map(|line| line.strip_prefix("- "));
    let example = example.filter(|line| !line.starts_with("name:"));
    built_in::CALIBRATION.lines().chain(example)
}

/// Numbers that look random and are the same in each run.
struct Noise(u64);

impl Noise {
    /// Knuth's multiplier for a linear congruential generator modulo 2^64; the upper bits.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// -1 to 1.
    fn unit(&mut self) -> f32 {
        self.next() as f32 / (1u64 << 30) as f32 - 1.0
    }
}
