//! How far tuning and installing are, in a line.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use synaptoroute::{InstallProgress, InstallStage, TuneProgress, TuneStage};

use crate::output;

/// What is being done, as a server writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    Fold,
    All,
    Quantise,
    Embed,
    Fit,
    Store,
}

/// How far it is.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) stage: Stage,
    /// Of the folds, from 0; 0 with other stages.
    pub(super) fold: usize,
    pub(super) done: usize,
    pub(super) of: usize,
    pub(super) loss: Option<f32>,
}

/// A bar for each stage, one after the other.
#[derive(Default)]
pub(crate) struct Bar {
    folds: usize,
    shown: Option<(Stage, usize, ProgressBar)>,
}

impl Bar {
    pub(super) fn new(folds: usize) -> Self {
        Self { folds, shown: None }
    }

    pub(super) fn show_tune(&mut self, progress: TuneProgress) {
        let TuneProgress { stage, done, of, loss, .. } = progress;
        let (stage, fold) = match stage {
            TuneStage::Fold(fold) | TuneStage::FoldWithNegatives(fold) => (Stage::Fold, fold),
            TuneStage::Quantise => (Stage::Quantise, 0),
            _ => (Stage::All, 0),
        };
        self.show(Step { stage, fold, done, of, loss });
    }

    pub(crate) fn show_install(&mut self, progress: InstallProgress) {
        let InstallProgress { stage, done, of, .. } = progress;
        let stage = match stage {
            InstallStage::Embed => Stage::Embed,
            InstallStage::Fit => Stage::Fit,
            _ => Stage::Store,
        };
        self.show(Step { stage, fold: 0, done, of, loss: None });
    }

    pub(super) fn show(&mut self, step: Step) {
        let Step { stage, fold, done, of, loss } = step;
        if !matches!(self.shown, Some((shown, of_fold, _)) if (shown, of_fold) == (stage, fold)) {
            self.clear();
            let what = match stage {
                Stage::Fold => format!("steps, fold {} of {}", fold + 1, self.folds),
                Stage::All => "steps on everything".to_owned(),
                Stage::Quantise => "texts, to integers".to_owned(),
                Stage::Embed => "texts embedded by it".to_owned(),
                Stage::Fit => "namespaces fitted anew".to_owned(),
                Stage::Store => "texts, to the database in one step".to_owned(),
            };
            let bar = output::progress(of, &what);
            let template = format!("{{wide_bar}} {{pos}}/{{len}} {what}{{msg}}, {{eta}} left");
            let style = ProgressStyle::with_template(&template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.shown = Some((stage, fold, bar));
        }
        if let Some((_, _, bar)) = &self.shown {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            if let Some(loss) = loss {
                bar.set_message(format!(", loss {loss:.3}"));
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        if let Some((_, _, bar)) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}
