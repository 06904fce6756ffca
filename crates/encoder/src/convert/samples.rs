//! What the input channels of each quantised layer took on during calibration.

use crate::config::Config;

/// A quantised layer of a transformer layer.
#[derive(Clone, Copy)]
pub(super) enum Site {
    Qkv,
    AttentionOutput,
    Up,
    Down,
}

impl Site {
    const COUNT: usize = 4;
}

/// Inputs of every quantised layer.
pub(super) struct Samples {
    sites: Vec<SiteSamples>,
    /// Whether rows are kept, or only the range they span.
    pub(super) keep_rows: bool,
}

/// Inputs of one quantised layer, by channel.
pub(super) struct SiteSamples {
    low: Vec<f32>,
    high: Vec<f32>,
    rows: Vec<f32>,
}

impl Samples {
    pub(super) fn new(config: &Config) -> Self {
        let sites = (0..config.layers * Site::COUNT).map(|i| {
            let down = i % Site::COUNT == Site::Down as usize;
            let channels = if down { config.intermediate } else { config.hidden };
            SiteSamples {
                low: vec![f32::INFINITY; channels],
                high: vec![f32::NEG_INFINITY; channels],
                rows: Vec::new(),
            }
        });
        Self { sites: sites.collect(), keep_rows: true }
    }

    /// Takes in rows of some texts.
    pub(super) fn take(&mut self, layer: usize, site: Site, rows: &[f32]) {
        let samples = &mut self.sites[layer * Site::COUNT + site as usize];
        for row in rows.chunks_exact(samples.low.len()) {
            samples.low.iter_mut().zip(row).for_each(|(low, x)| *low = low.min(*x));
            samples.high.iter_mut().zip(row).for_each(|(high, x)| *high = high.max(*x));
        }
        if self.keep_rows {
            samples.rows.extend_from_slice(rows);
        }
    }

    /// Adds what others took in.
    pub(super) fn add(&mut self, others: Self) {
        for (samples, other) in self.sites.iter_mut().zip(others.sites) {
            let stretch = |to: &mut [f32], from: &[f32], pick: fn(f32, f32) -> f32| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = pick(*to, *from));
            };
            stretch(&mut samples.low, &other.low, f32::min);
            stretch(&mut samples.high, &other.high, f32::max);
            samples.rows.extend(other.rows);
        }
    }

    pub(super) fn site(&self, layer: usize, site: Site) -> &SiteSamples {
        &self.sites[layer * Site::COUNT + site as usize]
    }
}

impl SiteSamples {
    /// The middle value of each channel over the rows that were kept.
    pub(super) fn medians(&self) -> Vec<f32> {
        let channels = self.low.len();
        let median = |channel| {
            let mut values: Vec<f32> =
                self.rows.iter().skip(channel).step_by(channels).copied().collect();
            let middle = values.len() / 2;
            *values.select_nth_unstable_by(middle, f32::total_cmp).1
        };
        (0..channels).map(median).collect()
    }

    /// The largest distance of each channel from its centre, over all rows.
    pub(super) fn reach(&self, centres: &[f32]) -> Vec<f32> {
        let bounds = self.low.iter().zip(&self.high);
        bounds.zip(centres).map(|((low, high), centre)| (high - centre).max(centre - low)).collect()
    }
}
