//! How far tuning is, in a line.

use std::num::NonZero;

use indicatif::{ProgressBar, ProgressStyle};
use synaptoroute::{TuneProgress, TuneStage};

use crate::output;

/// A bar for each stage, one after the other.
pub(super) struct Bar {
    folds: usize,
    shown: Option<(TuneStage, ProgressBar)>,
}

impl Bar {
    pub(super) fn new(folds: Option<NonZero<usize>>) -> Self {
        Self { folds: folds.map_or(0, NonZero::get), shown: None }
    }

    pub(super) fn show(&mut self, progress: TuneProgress) {
        let TuneProgress { stage, done, of, loss, .. } = progress;
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            self.clear();
            let what = match stage {
                TuneStage::Fold(fold) => format!("steps, fold {} of {}", fold + 1, self.folds),
                TuneStage::Quantise => "texts, to integers".to_owned(),
                _ => "steps on everything".to_owned(),
            };
            let bar = output::progress(of, &what);
            let template = format!("{{wide_bar}} {{pos}}/{{len}} {what}{{msg}}, {{eta}} left");
            let style = ProgressStyle::with_template(&template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.shown = Some((stage, bar));
        }
        if let Some((_, bar)) = &self.shown {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            if let Some(loss) = loss {
                bar.set_message(format!(", loss {loss:.3}"));
            }
        }
    }

    pub(super) fn clear(&mut self) {
        if let Some((_, bar)) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}
