//! Changing what a router decides with.
//!
//! Every method returns the revision that holds the change; where nothing had to change, the
//! current one. `expected`, where given, must be the current revision when the change's turn
//! comes, or the change is refused.

use std::collections::HashSet;
use std::sync::Arc;

use synaptoroute_encoder::{Embedding, EncodeError};
use synaptoroute_router::{
    Change, Fit, ImportMode, Owner, Revision, Route, RouteName, RoutePatch, RoutesFile,
    SettingsPatch, Text,
};
use synaptoroute_store::Vectors;

use crate::core::Request;
use crate::embed::{Progress, embed_all};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::router::Router;
use crate::view::ModelInUse;

impl Router {
    /// Puts a file's content in place of everything there is: [`Router::import`] with
    /// [`ImportMode::Replace`], whatever the revision.
    ///
    /// # Errors
    ///
    /// As of [`Router::change`].
    pub fn load(&self, file: RoutesFile, progress: Progress<'_>) -> Result<Revision, RouterError> {
        self.import(file, ImportMode::Replace, None, progress)
    }

    /// Takes a whole file, in one transaction.
    ///
    /// # Errors
    ///
    /// As of [`Router::change`].
    pub fn import(
        &self,
        file: RoutesFile,
        mode: ImportMode,
        expected: Option<Revision>,
        progress: Progress<'_>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::Import(file, mode), expected, progress)
    }

    /// Adds a route, or puts it in its namesake's place.
    ///
    /// # Errors
    ///
    /// As of [`Router::change`].
    pub fn upsert(
        &self,
        route: Route,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::Upsert(route), expected, &|_, _| ())
    }

    /// Changes cuts, description or metadata of a route.
    ///
    /// # Errors
    ///
    /// There is no such route, or as of [`Router::change`].
    pub fn patch(
        &self,
        name: &RouteName,
        patch: RoutePatch,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::Patch(name.clone(), patch), expected, &|_, _| ())
    }

    /// Removes a route with its texts.
    ///
    /// # Errors
    ///
    /// There is no such route, or as of [`Router::change`].
    pub fn delete_route(
        &self,
        name: &RouteName,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::DeleteRoute(name.clone()), expected, &|_, _| ())
    }

    /// Adds utterances to a route; those it has already change nothing.
    ///
    /// # Errors
    ///
    /// There is no such route, or as of [`Router::change`].
    pub fn add_utterances(
        &self,
        name: &RouteName,
        utterances: Vec<Text>,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.add_texts(Owner::Utterances(name.clone()), utterances, expected)
    }

    /// Adds texts to an owner's; those it has already change nothing.
    ///
    /// # Errors
    ///
    /// There is no such route, or as of [`Router::change`].
    pub fn add_texts(
        &self,
        owner: Owner,
        texts: Vec<Text>,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::AddTexts(owner, texts), expected, &|_, _| ())
    }

    /// Removes texts from an owner's.
    ///
    /// # Errors
    ///
    /// There is no such route, one of the texts is not there, a route would have no utterance
    /// left, or as of [`Router::change`].
    pub fn remove_texts(
        &self,
        owner: Owner,
        texts: Vec<Text>,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::RemoveTexts(owner, texts), expected, &|_, _| ())
    }

    /// Changes settings of the namespace.
    ///
    /// # Errors
    ///
    /// As of [`Router::change`].
    pub fn patch_settings(
        &self,
        patch: SettingsPatch,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::Settings(patch), expected, &|_, _| ())
    }

    /// Goes back to the content of a kept revision, as a revision of its own.
    ///
    /// # Errors
    ///
    /// The revision is not kept any more or was never made, or as of [`Router::change`].
    pub fn rollback(
        &self,
        to: Revision,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        self.change(Change::Rollback(to), expected, &|_, _| ())
    }

    /// Makes any change: encodes its texts, has it made durable, publishes it.
    ///
    /// # Errors
    ///
    /// The revision is another than `expected`, a text could not be encoded, a route would have
    /// metadata of more than [`MAX_METADATA_BYTES`](crate::MAX_METADATA_BYTES), the namespace
    /// was deleted, or the store failed; then nothing changed.
    pub fn change(
        &self,
        change: Change,
        expected: Option<Revision>,
        progress: Progress<'_>,
    ) -> Result<Revision, RouterError> {
        let draft = self.draft(change, expected)?;
        // Encoding is the long part: before anybody else has to wait.
        let vectors = draft.embed_all(&draft.model, progress)?;
        self.commit(draft, vectors)
    }

    /// The first half of [`Router::change`], for who encodes by himself, such as a server
    /// with threads of its own: what would be refused anyway is refused here, before anything
    /// is encoded.
    ///
    /// # Errors
    ///
    /// A route would have metadata that are too long, the revision is another than `expected`,
    /// or the change adds to a route that is not there. The last two are looked at again by
    /// [`Router::commit`]: only then does the answer hold.
    pub fn draft(&self, change: Change, expected: Option<Revision>) -> Result<Draft, RouterError> {
        change.check()?;
        let view = self.view();
        let snapshot = &view.snapshot;
        let found = snapshot.revision();
        if let Some(expected) = expected.filter(|&expected| expected != found) {
            return Err(RouterError::RevisionMismatch { expected, found });
        }
        let route = match &change {
            Change::AddTexts(owner, _) => owner.route(),
            _ => None,
        };
        if let Some(name) = route.filter(|name| snapshot.route(name.as_str()).is_none()) {
            return Err(RouterError::UnknownRoute { name: name.to_string() });
        }
        let mut seen = HashSet::new();
        let texts = change.texts().filter(|&text| seen.insert(text)).cloned().collect();
        let fit = match &change {
            Change::Import(RoutesFile { fit: Some(fit), .. }, _) => Some(view.model.read_fit(fit)?),
            _ => None,
        };
        Ok(Draft { change: change.into(), expected, texts, fit, model: Arc::clone(&view.model) })
    }

    /// The second half: makes a change durable and visible. `vectors` are those of the
    /// draft's texts, in their order, made by [`Draft::embed`]. Should another model have been
    /// installed meanwhile, they are made anew here.
    ///
    /// Waits for the disk, with whoever else changes something at the same time.
    ///
    /// # Errors
    ///
    /// As of [`Router::change`], or a vector is not of length 1 or not of the model's width.
    ///
    /// # Panics
    ///
    /// If there is not one vector a text.
    pub fn commit(
        &self,
        draft: Draft,
        vectors: impl IntoIterator<Item = Vec<f32>, IntoIter: ExactSizeIterator>,
    ) -> Result<Revision, RouterError> {
        let vectors = vectors.into_iter();
        assert_eq!(vectors.len(), draft.texts.len(), "one vector a text");
        let mut vectors: Vectors = draft.by_text(vectors);
        let mut model = Arc::clone(&draft.model);
        let revision = loop {
            if let Some((text, length)) = not_a_unit(&vectors) {
                return Err(RouterError::VectorLength { text: text.to_string(), length });
            }
            let request = Request::Change {
                space: Arc::clone(&self.space),
                expected: draft.expected,
                change: Arc::clone(&draft.change),
                vectors,
                model,
            };
            match self.core().submit(request) {
                Err(RouterError::ModelReplaced) => {
                    model = Arc::clone(&self.view().model);
                    vectors = draft.by_text(draft.embed_all(&model, &|_, _| ())?.into_iter());
                }
                done => break done?.revision,
            }
        };
        if let Some(fit) = draft.fit {
            self.take_fit(&draft.model, fit, revision)?;
        }
        Ok(revision)
    }
}

/// A change whose texts are yet to be encoded.
#[derive(Clone)]
pub struct Draft {
    change: Arc<Change>,
    expected: Option<Revision>,
    texts: Vec<Text>,
    /// That of a file.
    fit: Option<Fit>,
    /// Which was in use when it was made.
    model: Arc<ModelInUse>,
}

impl Draft {
    /// The texts whose vectors it needs, none twice.
    #[must_use]
    pub fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The vectors of some of its texts, in order, by the model that was in use when it was made.
    ///
    /// # Errors
    ///
    /// A text could not be encoded.
    pub fn embed(&self, texts: &[Text]) -> Result<Vec<Embedding>, RouterError> {
        let texts: Vec<&str> = texts.iter().map(Text::as_str).collect();
        Ok(self.model.encoder.encode(&texts)?)
    }

    fn embed_all(
        &self,
        model: &ModelInUse,
        progress: Progress<'_>,
    ) -> Result<Vec<Vec<f32>>, RouterError> {
        let texts: Vec<&str> = self.texts.iter().map(Text::as_str).collect();
        embed_all(&*model.encoder, &texts, Threads::all(), progress)
            .map_err(|(index, error)| self.refused(index, error))
    }

    fn by_text(&self, vectors: impl Iterator<Item = Vec<f32>>) -> Vectors {
        self.texts.iter().cloned().zip(vectors.map(Arc::from)).collect()
    }

    /// The error that says that its text of this index could not be encoded, and where in the
    /// change it stands.
    #[must_use]
    pub fn refused(&self, index: usize, source: EncodeError) -> RouterError {
        let place = self.texts.get(index).and_then(|text| place_of(&self.change, text));
        RouterError::EncodeText { place: place.unwrap_or_else(|| "text".to_owned()), source }
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("change", &self.change).finish_non_exhaustive()
    }
}

/// A vector's length may differ from 1 by this: far more than the rounding of any sum, and a
/// little less than what the search's bounds allow for.
const UNIT: f64 = 0.9e-3;

/// A vector that must not get into the store: what cannot be searched could not be loaded
/// again either.
fn not_a_unit(vectors: &Vectors) -> Option<(&Text, f64)> {
    let length = |vector: &[f32]| vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let mut lengths = vectors.iter().map(|(text, vector)| (text, length(vector)));
    // NaN is none either.
    let is_unit = |length: f64| (length - 1.0).abs() <= UNIT;
    lengths.find(|&(_, length)| !is_unit(length))
}

/// Where a change names this text first, as a path of fields.
fn place_of(change: &Change, text: &Text) -> Option<String> {
    let in_list = |list: &str, texts: &[Text]| {
        let index = texts.iter().position(|other| other == text)?;
        Some(format!("{list}[{index}]"))
    };
    let in_route = |route: &Route| {
        in_list("utterances", &route.utterances).or_else(|| in_list("negatives", &route.negatives))
    };
    match change {
        Change::Upsert(route) => in_route(route),
        Change::AddTexts(Owner::Utterances(_), texts) => in_list("utterances", texts),
        Change::AddTexts(_, texts) => in_list("negatives", texts),
        Change::Import(file, _) => {
            let mut routes = file.routes.iter().enumerate();
            routes
                .find_map(|(number, route)| Some(format!("routes[{number}].{}", in_route(route)?)))
                .or_else(|| in_list("negatives", &file.negatives))
        }
        _ => None,
    }
}
