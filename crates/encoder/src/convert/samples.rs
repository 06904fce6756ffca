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

/// How far a channel's values lie from their middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reach {
    /// The farthest of all, over sentences and tokens that were run alone: scripts and symbols that
    /// no sentence has show their largest channels that way. By this the built-in model was made.
    Farthest,
    /// The root of the fourth moment, over sentences: what a channel usually is, its large values
    /// weighing most. A model tuned on ten utterances each of 150, 64 and 27 routes comes to mean
    /// cosines of .99957, .99956 and .99970 with its own weights, and to .99952, .99953 and .99956 on
    /// the golden texts of all scripts; by [`Reach::Farthest`] to .99930, .99923, .99926, and .99934,
    /// .99939, .99944. (Farthest over sentences .99951, .99949, .99964; the second moment as good but
    /// on the worst golden text, the eighth and the quantiles .99 and .999 between. Three or fifteen
    /// times as many sentences: no better.)
    FourthMoment,
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
    /// What a channel took on in the rows that were kept.
    fn values(&self, channel: usize) -> impl Iterator<Item = f32> {
        self.rows.iter().skip(channel).step_by(self.low.len()).copied()
    }

    /// The middle value of each channel over the rows that were kept.
    pub(super) fn medians(&self) -> Vec<f32> {
        let median = |channel| {
            let mut values: Vec<f32> = self.values(channel).collect();
            let middle = values.len() / 2;
            *values.select_nth_unstable_by(middle, f32::total_cmp).1
        };
        (0..self.low.len()).map(median).collect()
    }

    /// How far each channel lies from its centre.
    pub(super) fn reach(&self, reach: Reach, centres: &[f32]) -> Vec<f32> {
        let bounds = self.low.iter().zip(&self.high);
        let farthest =
            |((low, high), centre): ((&f32, &f32), &f32)| (high - centre).max(centre - low);
        let fourth_moment = |(channel, centre): (usize, &f32)| {
            let sum: f64 = self.values(channel).map(|x| f64::from(x - centre).powi(4)).sum();
            let count = self.rows.len() / centres.len();
            (sum / count as f64).sqrt().sqrt() as f32
        };
        match reach {
            Reach::Farthest => bounds.zip(centres).map(farthest).collect(),
            Reach::FourthMoment => centres.iter().enumerate().map(fourth_moment).collect(),
        }
    }
}
