//! Random changes, of a few names and texts, so that they meet again and again.

use serde_json::{Map, Value};
use synaptoroute::{
    Change, ImportMode, Margin, Owner, Revision, Route, RouteAttributes, RouteName, RoutePatch,
    RoutesFile, Settings, SettingsPatch, Text,
};

use crate::support::{Dice, name, text};

/// Topics of texts, and texts of each.
const TOPICS: u64 = 6;
const TEXTS: u64 = 16;

/// Names a writer gives to routes.
const NAMES: u64 = 4;

/// Who makes changes, and which it may make. Where several share a namespace, no two may
/// make changes that the log of revisions tells in the same words and that differ.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// What its routes are called.
    pub(crate) prefix: String,
    /// How many routes it imports at once.
    pub(crate) imports: u64,
    /// May change settings, and put a file in place of everything.
    pub(crate) settings: bool,
    /// May change the namespace's negatives.
    pub(crate) negatives: bool,
}

impl Who {
    /// One of several.
    pub(crate) fn one(number: u64) -> Self {
        let prefix = format!("w{number}");
        Self { prefix, imports: 1 + number, settings: number == 0, negatives: number == 1 }
    }

    /// Alone, so that it may do anything.
    pub(crate) fn alone() -> Self {
        Self { prefix: "w".into(), imports: 2, settings: true, negatives: true }
    }

    fn name(&self, dice: &mut Dice) -> RouteName {
        name(&format!("{}-{}", self.prefix, dice.below(NAMES)))
    }

    /// A change; where it goes back, to one of the revisions before `now`.
    pub(crate) fn change(&self, dice: &mut Dice, now: u64) -> Change {
        match dice.below(24) {
            0..=4 => {
                let name = self.name(dice);
                Change::Upsert(route(dice, name))
            }
            5 | 6 => Change::Patch(self.name(dice), patch(dice)),
            7 => Change::DeleteRoute(self.name(dice)),
            8..=13 => Change::AddTexts(Owner::Utterances(self.name(dice)), texts(dice, 3)),
            14..=16 => Change::RemoveTexts(Owner::Utterances(self.name(dice)), texts(dice, 1)),
            17 => Change::AddTexts(Owner::Negatives(self.name(dice)), texts(dice, 2)),
            18 => Change::RemoveTexts(Owner::Negatives(self.name(dice)), texts(dice, 1)),
            19 if self.settings => Change::Settings(settings_patch(dice)),
            20 if self.negatives => {
                if dice.one_in(2) {
                    Change::AddTexts(Owner::Namespace, texts(dice, 1))
                } else {
                    Change::RemoveTexts(Owner::Namespace, texts(dice, 1))
                }
            }
            21 => self.import(dice),
            22 => Change::Rollback(Revision::from(now.saturating_sub(dice.below(6)))),
            _ => Change::Upsert(same(self.name(dice))),
        }
    }

    fn import(&self, dice: &mut Dice) -> Change {
        let names = (0..self.imports).map(|number| name(&format!("{}-{number}", self.prefix)));
        let routes = names.map(|name| route(dice, name)).collect();
        let negatives = if self.negatives { texts(dice, 2) } else { Vec::new() };
        let settings = if self.settings {
            settings_patch(dice).apply(&Settings::default())
        } else {
            Settings::default()
        };
        let replace = self.settings && dice.one_in(4);
        let mode = if replace { ImportMode::Replace } else { ImportMode::Merge };
        Change::Import(RoutesFile::new(settings, distinct(negatives), routes), mode)
    }
}

/// A text of few.
pub(crate) fn any_text(dice: &mut Dice) -> Text {
    text(&format!("topic{} number {}", dice.below(TOPICS), dice.below(TEXTS)))
}

/// At least one, at most this many, and possibly one of them twice.
fn texts(dice: &mut Dice, most: u64) -> Vec<Text> {
    (0..=dice.below(most)).map(|_| any_text(dice)).collect()
}

fn distinct(mut texts: Vec<Text>) -> Vec<Text> {
    texts.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    texts.dedup();
    texts
}

/// Mostly of one topic, as people's routes are.
fn route(dice: &mut Dice, name: RouteName) -> Route {
    let topic = dice.below(TOPICS);
    let mut own: Vec<Text> = (0..=dice.below(5))
        .map(|_| text(&format!("topic{topic} number {}", dice.below(TEXTS))))
        .collect();
    if dice.one_in(3) {
        own.push(any_text(dice));
    }
    let negatives = if dice.one_in(3) { texts(dice, 2) } else { Vec::new() };
    let attributes = if dice.one_in(2) {
        patch(dice).apply(&RouteAttributes::default())
    } else {
        RouteAttributes::default()
    };
    Route::new(name, own).unwrap().with_negatives(negatives).with_attributes(attributes)
}

/// The same for each name: that it is there already is likely.
fn same(name: RouteName) -> Route {
    let texts = (0..3).map(|number| text(&format!("topic0 number {number}"))).collect();
    Route::new(name, texts).unwrap()
}

fn patch(dice: &mut Dice) -> RoutePatch {
    let given = |dice: &mut Dice| dice.one_in(2).then(|| !dice.one_in(4));
    let cuts = [0.0, -0.0, 0.125, 0.5, 0.9, 1.0];
    let cut = |dice: &mut Dice| cuts[dice.below(cuts.len() as u64) as usize];
    RoutePatch {
        threshold: given(dice).map(|some| some.then(|| cut(dice).try_into().unwrap())),
        score_threshold: given(dice).map(|some| some.then(|| cut(dice).try_into().unwrap())),
        description: given(dice).map(|some| some.then(|| word(dice))),
        metadata: given(dice).map(|some| some.then(|| metadata(dice).into())),
    }
}

fn word(dice: &mut Dice) -> String {
    let words = ["", "Bills and refunds", "caf\u{e9} \u{1f980}\nsecond line", "a\u{0}b"];
    words[dice.below(words.len() as u64) as usize].to_owned()
}

fn metadata(dice: &mut Dice) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("z first".into(), Value::String(word(dice)));
    map.insert("number".into(), Value::from(0.1 + dice.below(3) as f64 * 1e-17));
    map.insert("more".into(), serde_json::json!([null, {"b": u64::MAX, "a": i64::MIN}, -0.0]));
    map
}

fn settings_patch(dice: &mut Dice) -> SettingsPatch {
    let margins = [0.0, 0.03125, 0.25, 2.0];
    let margin = Margin::try_from(margins[dice.below(4) as usize]).unwrap();
    SettingsPatch {
        margin: dice.one_in(2).then(|| (!dice.one_in(4)).then_some(margin)),
        top_k: dice
            .one_in(2)
            .then(|| (!dice.one_in(4)).then(|| (1 + dice.below(4)).try_into().unwrap())),
        ..SettingsPatch::default()
    }
}
