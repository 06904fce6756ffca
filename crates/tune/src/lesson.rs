//! What is to be learned: texts as token ids, and their routes.

use synaptoroute_encoder::Tokenizer;

use crate::error::TuneError;

/// Longest text, in tokens, that is learned from; the rest of a longer one is cut.
const LONGEST: usize = 64;
/// Texts of a route that are learned from at most: a huge route would be nearly all that is seen
/// of it, in steps that are made anyway.
const MEMBERS: usize = 1000;
/// Fewest routes: with fewer there is too little to tell apart.
pub const FEWEST_ROUTES: usize = 4;
/// Fewest routes that have two utterances or more: pairs are what is learned from.
pub const FEWEST_PAIRS: usize = 2;

/// Those of a route's texts that are learned from: all but for huge routes, of which some are left out
/// evenly.
pub fn learned<T>(texts: &[T]) -> impl Iterator<Item = &T> {
    let every = texts.len().div_ceil(MEMBERS).max(1);
    texts.iter().step_by(every)
}

/// Texts to learn from, in a canonical order.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Token ids of each text.
    pub(crate) ids: Vec<Vec<u32>>,
    /// Of each text; none of those that belong to no route.
    pub(crate) labels: Vec<Option<usize>>,
    /// Places of each route's texts.
    pub(crate) members: Vec<Vec<usize>>,
    /// Places of texts that belong to no route,
    pub(crate) negatives: Vec<usize>,
    /// and of others that most likely do not.
    pub(crate) background: Vec<usize>,
}

impl Lesson {
    /// Of routes, each with its utterances; of texts that are known to belong to none of them; and
    /// of texts from elsewhere, of which those that look in scope are left out.
    ///
    /// The order of the routes is the caller's; a lesson of the same routes in another order
    /// draws other batches.
    ///
    /// # Errors
    ///
    /// There are too few routes or utterances to learn from, or a text cannot be tokenised.
    pub fn new<T: AsRef<str>>(
        tokenizer: &Tokenizer,
        routes: &[Vec<T>],
        negatives: &[T],
        background: &[T],
    ) -> Result<Self, TuneError> {
        let routes: Vec<&[T]> =
            routes.iter().map(Vec::as_slice).filter(|texts| !texts.is_empty()).collect();
        if routes.len() < FEWEST_ROUTES {
            return Err(TuneError::FewRoutes { found: routes.len(), least: FEWEST_ROUTES });
        }
        let pairs = routes.iter().filter(|texts| texts.len() > 1).count();
        if pairs < FEWEST_PAIRS {
            return Err(TuneError::FewPairs { found: pairs, least: FEWEST_PAIRS });
        }
        let mut lesson = Self {
            ids: Vec::new(),
            labels: Vec::new(),
            members: Vec::new(),
            negatives: Vec::new(),
            background: Vec::new(),
        };
        for (route, texts) in routes.into_iter().enumerate() {
            let members = lesson.add_all(tokenizer, learned(texts), Some(route))?;
            lesson.members.push(members);
        }
        lesson.negatives = lesson.add_all(tokenizer, negatives, None)?;
        lesson.background = lesson.add_all(tokenizer, background, None)?;
        Ok(lesson)
    }

    /// Routes that are learned.
    #[must_use]
    pub fn routes(&self) -> usize {
        self.members.len()
    }

    /// Utterances that are learned from.
    #[must_use]
    pub fn utterances(&self) -> usize {
        self.members.iter().map(Vec::len).sum()
    }

    /// Token ids of each text, those that belong to no route last.
    pub fn texts(&self) -> impl Iterator<Item = &[u32]> {
        self.ids.iter().map(Vec::as_slice)
    }

    /// The texts' places.
    fn add_all<'t, T: AsRef<str> + 't>(
        &mut self,
        tokenizer: &Tokenizer,
        texts: impl IntoIterator<Item = &'t T>,
        label: Option<usize>,
    ) -> Result<Vec<usize>, TuneError> {
        texts.into_iter().map(|text| self.add(tokenizer, text.as_ref(), label)).collect()
    }

    fn add(
        &mut self,
        tokenizer: &Tokenizer,
        text: &str,
        label: Option<usize>,
    ) -> Result<usize, TuneError> {
        let tokens = tokenizer.encode(text);
        let mut ids = tokens.map_err(TuneError::tokenizer)?.ids;
        if ids.len() > LONGEST {
            let end = ids[ids.len() - 1];
            ids.truncate(LONGEST - 1);
            ids.push(end);
        }
        self.ids.push(ids);
        self.labels.push(label);
        Ok(self.ids.len() - 1)
    }
}
