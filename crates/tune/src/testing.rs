//! Small models of random weights, and lessons of random tokens, for tests.

use synaptoroute_encoder::{FloatLayer, FloatLinear, FloatNorm, FloatWeights, Pooling};
use synaptoroute_kernels::{Kernels, Team};

use crate::error::TuneError;
use crate::lesson::Lesson;
use crate::model::Model;
use crate::random::Random;
use crate::tuner::{TuneOptions, Tuner};

pub(crate) const HIDDEN: usize = 32;
pub(crate) const HEADS: usize = 2;
const INNER: usize = 64;
const WORDS: usize = 50;
const POSITIONS: usize = 16;

/// Numbers of about this size, both signs.
pub(crate) fn noise(random: &mut Random, len: usize, size: f32) -> Vec<f32> {
    (0..len).map(|_| (random.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0) * size).collect()
}

pub(crate) fn linear(random: &mut Random, depth: usize, columns: usize) -> FloatLinear {
    let size = (3.0 / depth as f32).sqrt();
    let (weights, bias) = (noise(random, depth * columns, size), noise(random, columns, 0.1));
    FloatLinear { depth, columns, weights, bias }
}

pub(crate) fn norm(random: &mut Random, width: usize) -> FloatNorm {
    let gamma = noise(random, width, 0.3).into_iter().map(|x| 1.0 + x).collect();
    FloatNorm { gamma, beta: noise(random, width, 0.1) }
}

pub(crate) fn layer(random: &mut Random) -> FloatLayer {
    FloatLayer {
        qkv: linear(random, HIDDEN, 3 * HIDDEN),
        attention_output: linear(random, HIDDEN, HIDDEN),
        attention_norm: norm(random, HIDDEN),
        up: linear(random, HIDDEN, INNER),
        down: linear(random, INNER, HIDDEN),
        ffn_norm: norm(random, HIDDEN),
    }
}

/// A model of so many layers.
pub(crate) fn small(pooling: Pooling, layers: usize) -> Model {
    let random = &mut Random::new(7);
    let weights = FloatWeights {
        hidden: HIDDEN,
        heads: HEADS,
        intermediate: INNER,
        epsilon: 1e-12,
        words: noise(random, WORDS * HIDDEN, 1.0),
        positions: noise(random, POSITIONS * HIDDEN, 0.3),
        norm: norm(random, HIDDEN),
        layers: (0..layers).map(|_| layer(random)).collect(),
    };
    Model::new(weights, pooling, Kernels::detect())
}

/// Texts of random tokens.
pub(crate) fn texts(count: usize) -> Vec<Vec<u32>> {
    let random = &mut Random::new(8);
    let text = |_| {
        let len = 2 + random.below(POSITIONS - 2);
        (0..len).map(|_| random.below(WORDS) as u32).collect()
    };
    (0..count).map(text).collect()
}

/// Six routes of four texts, and three texts of none, one of them a negative.
pub(crate) fn lesson() -> Lesson {
    let labels = (0..27).map(|i| (i < 24).then_some(i / 4)).collect();
    let members = (0..6).map(|route| (4 * route..4 * route + 4).collect()).collect();
    Lesson { ids: texts(27), labels, members, negatives: vec![24], background: vec![25, 26] }
}

/// A lesson's vectors.
pub(crate) fn vectors(team: &mut Team<'_>, model: &Model, lesson: &Lesson) -> Vec<f32> {
    model.encode(team, &lesson.texts().collect::<Vec<_>>())
}

/// Tuning that begins from the model's own vectors.
pub(crate) fn begun<'a>(
    team: &mut Team<'_>,
    model: Model,
    lesson: &'a Lesson,
    options: TuneOptions,
) -> Result<Tuner<'a>, TuneError> {
    let before = vectors(team, &model, lesson);
    Tuner::new(model, lesson, before, options)
}
