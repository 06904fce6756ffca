//! The sets, and the vectors of their texts, each made once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use synaptoroute::{
    Background, Bert, Edit, Encoder, Kernels, Owner, Place, PlacedText, Revision, RouteAttributes,
    RouteName, Snapshot, Text, background_texts,
};
use synaptoroute_benches::{BenchError, Sample, fewshot, read};

/// A labelled set.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    outside: &'static [&'static str],
    /// Where its out-of-scope texts come from, besides itself.
    related: &'static [&'static str],
}

pub(crate) const SETS: [Set; 3] = [
    Set { name: "clinc150", outside: &["oos_valid", "oos_train_plus"], related: &[] },
    Set { name: "hwu64", outside: &["ood_valid"], related: &["clinc150"] },
    Set { name: "bitext", outside: &["ood_valid"], related: &["clinc150"] },
];

/// How many utterances a route has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Full,
    Shots(usize),
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Shots(shots) => write!(f, "{shots}-shot"),
        }
    }
}

impl Set {
    /// The training texts: one file, or one a seed.
    pub(crate) fn train(&self, data: &Path, size: Size) -> Result<Vec<Vec<Sample>>, BenchError> {
        let folder = data.join(self.name);
        let files: Vec<PathBuf> = match size {
            Size::Full => vec![folder.join("train.jsonl")],
            Size::Shots(shots) => fewshot(&folder, shots).to_vec(),
        };
        files.into_iter().map(read).collect()
    }

    pub(crate) fn inside(&self, data: &Path) -> Result<Vec<Sample>, BenchError> {
        read(data.join(self.name).join("valid.jsonl"))
    }

    pub(crate) fn outside(&self, data: &Path) -> Result<Vec<Sample>, BenchError> {
        let mut all = Vec::new();
        for name in self.outside {
            all.extend(read(data.join(self.name).join(format!("{name}.jsonl")))?);
        }
        Ok(all)
    }

    /// The background that knows nothing of what is measured.
    pub(crate) fn background(&self, vectors: &mut Vectors) -> Result<Vec<Background>, BenchError> {
        let foreign = |source: &str| source != self.name && !self.related.contains(&source);
        let texts: Vec<&str> =
            background_texts().filter(|b| foreign(b.source)).map(|b| b.text).collect();
        vectors.make(texts.iter().copied())?;
        let background =
            |text: &str| Ok(Background { text: Text::try_from(text)?, vector: vectors.of(text) });
        texts.into_iter().map(background).collect()
    }
}

/// Vectors by text.
pub(crate) struct Vectors {
    encoder: Arc<Bert>,
    known: HashMap<String, Arc<[f32]>>,
}

impl Vectors {
    pub(crate) fn new(encoder: Arc<Bert>) -> Self {
        Self { encoder, known: HashMap::new() }
    }

    pub(crate) fn kernels(&self) -> Kernels {
        Kernels::new(self.encoder.model().isa).expect("the encoder runs on it")
    }

    /// Makes those that are missing, on all cores.
    pub(crate) fn make<'a>(
        &mut self,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<(), BenchError> {
        let mut new: Vec<&str> = texts.filter(|text| !self.known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        let bar = ProgressBar::new(new.len() as u64);
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} vectors, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let made = Mutex::new(Vec::with_capacity(new.len()));
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        thread::scope(|scope| {
            for part in new.chunks(new.len().div_ceil(threads).max(1)) {
                let (encoder, made, bar) = (&self.encoder, &made, &bar);
                scope.spawn(move || {
                    for texts in part.chunks(32) {
                        let vectors = encoder.encode(texts);
                        bar.inc(texts.len() as u64);
                        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                        made.push((texts, vectors));
                    }
                });
            }
        });
        bar.finish_and_clear();
        for (texts, vectors) in made.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let vectors = vectors.map_err(synaptoroute::RouterError::from)?;
            for (text, embedding) in texts.iter().zip(vectors) {
                self.known.insert((*text).to_owned(), embedding.vector.into());
            }
        }
        Ok(())
    }

    /// A query as a snapshot reads it.
    pub(crate) fn reading(&self, snapshot: &Snapshot, query: &str) -> String {
        snapshot.reading(query, |word| self.encoder.knows(word)).into_owned()
    }

    pub(crate) fn of(&self, text: &str) -> Arc<[f32]> {
        Arc::clone(&self.known[text])
    }

    /// A router's snapshot of these routes.
    pub(crate) fn snapshot(&mut self, routes: &[Sample]) -> Result<Snapshot, BenchError> {
        self.make(routes.iter().map(|sample| sample.text.as_str()))?;
        let mut by_name: HashMap<&str, Vec<PlacedText>> = HashMap::new();
        let mut seen = std::collections::HashSet::new();
        for (place, Sample { text, intent }) in routes.iter().enumerate() {
            if seen.insert((intent, text)) {
                by_name.entry(intent).or_default().push(PlacedText {
                    place: Place::from(place as u64),
                    text: Text::try_from(text.as_str())?,
                    vector: self.of(text),
                });
            }
        }
        let mut edits = Vec::new();
        for (name, texts) in by_name {
            let name = RouteName::try_from(name)?;
            edits.push(Edit::PutRoute(name.clone(), RouteAttributes::default()));
            edits.push(Edit::Add(Owner::Utterances(name), texts));
        }
        let width = self.encoder.model().dimensions;
        Ok(Snapshot::empty(self.kernels(), width).with(Revision::from(1), edits))
    }
}
