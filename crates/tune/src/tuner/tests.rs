//! Tuning as a whole, on a small model of random weights.

use synaptoroute_encoder::Pooling;
use synaptoroute_kernels::{Crew, Team};

use super::TuneOptions;
use crate::error::TuneError;
use crate::loss::Loss;
use crate::model::pieces;
use crate::testing::{begun, lesson, small, texts, vectors};

const OPTIONS: TuneOptions = TuneOptions { steps: 6, seed: 3, rate: 1e-3, layers: None };

/// The losses, and the vectors afterwards.
fn tune(team: &mut Team<'_>, pooling: Pooling, options: TuneOptions) -> (Vec<Loss>, Vec<f32>) {
    let lesson = lesson();
    let model = small(pooling, 3);
    let mut tuner = begun(team, model, &lesson, options).unwrap();
    let mut losses = Vec::new();
    while !tuner.is_done() {
        losses.push(tuner.step(team).unwrap());
    }
    assert_eq!(tuner.steps(), options.steps);
    let vectors = vectors(team, &tuner.into_model(), &lesson);
    (losses, vectors)
}

#[test]
fn the_loss_falls_and_nothing_drifts_far() {
    for pooling in [Pooling::Cls, Pooling::Mean] {
        let options = TuneOptions { steps: 40, ..OPTIONS };
        let (losses, _) = tune(&mut Team::alone(), pooling, options);
        let mean = |losses: &[Loss]| losses.iter().map(Loss::total).sum::<f32>() / 8.0;
        let (first, last) = (mean(&losses[..8]), mean(&losses[32..]));
        assert!(last < 0.8 * first, "{pooling:?}: {first}, then {last}");
        assert!(losses[0].drift.abs() < 1e-5, "{losses:?}");
        assert!(losses.iter().all(|loss| loss.drift < 0.5), "{losses:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let expected = tune(&mut Team::alone(), Pooling::Cls, OPTIONS);
    for helpers in [1, 2] {
        let crew = Crew::new(helpers).unwrap();
        assert!(tune(&mut crew.join(), Pooling::Cls, OPTIONS) == expected, "{helpers} helpers");
    }
    let other = TuneOptions { seed: 4, ..OPTIONS };
    assert!(tune(&mut Team::alone(), Pooling::Cls, other) != expected, "the seed plays a part");
}

#[test]
fn every_tensor_of_the_tuned_layers_moves_and_no_other() {
    for (layers, least) in [(None, "embeddings."), (Some(2), "layers.1."), (Some(1), "layers.2.")] {
        let lesson = lesson();
        let before = small(Pooling::Cls, 3);
        let options = TuneOptions { layers, ..OPTIONS };
        let team = &mut Team::alone();
        let mut tuner = begun(team, before.clone(), &lesson, options).unwrap();
        for _ in 0..2 {
            tuner.step(team).unwrap();
        }
        let after = tuner.into_model();
        for ((name, before), (_, after)) in before.tensors().zip(after.tensors()) {
            let moved = before.iter().zip(after).filter(|(a, b)| a != b).count();
            let expected = name.as_str() >= least;
            assert_eq!(moved > before.len() / 2, expected, "{name}: {moved} of {}", before.len());
            assert!(expected || moved == 0, "{name}: {moved}");
        }
    }
}

#[test]
fn a_batch_in_pieces_has_the_gradient_of_the_whole() {
    let lesson = lesson();
    let team = &mut Team::alone();
    let mut whole = begun(team, small(Pooling::Cls, 3), &lesson, OPTIONS).unwrap();
    let mut cut = begun(team, small(Pooling::Cls, 3), &lesson, OPTIONS).unwrap();
    cut.taped_tokens = 20;
    let batch: Vec<usize> = (0..27).collect();
    let losses = [whole.learn(team, &batch), cut.learn(team, &batch)];
    assert_eq!(losses[0], losses[1]);
    for (a, b) in whole.gradient.tensors().into_iter().zip(cut.gradient.tensors()) {
        let size = a.iter().fold(0.0_f32, |size, x| size.max(x.abs()));
        assert!(size > 0.0);
        // Sums over texts in another order.
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * size), "{a:?} {b:?}");
    }
}

#[test]
fn pieces_hold_every_text_once_and_keep_to_their_size() {
    let texts = texts(40);
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    for most in [1, 10, 33, 10_000] {
        let pieces = pieces(&texts, most);
        assert_eq!(pieces.concat(), texts);
        let sizes = pieces.iter().map(|p| (p.len(), p.iter().map(|t| t.len()).sum::<usize>()));
        assert!(sizes.into_iter().all(|(count, size)| count == 1 || size <= most), "{most}");
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let lesson = lesson();
    let new =
        |options| begun(&mut Team::alone(), small(Pooling::Cls, 3), &lesson, options).map(|_| ());
    let none = TuneOptions { steps: 0, ..OPTIONS };
    assert!(matches!(new(none), Err(TuneError::NoSteps)));
    for layers in [0, 4] {
        let options = TuneOptions { layers: Some(layers), ..OPTIONS };
        assert!(matches!(new(options), Err(TuneError::Layers { layers: 3, .. })));
    }
}

#[test]
fn weights_that_go_astray_end_it() {
    let lesson = lesson();
    let team = &mut Team::alone();
    let options = TuneOptions { steps: 100, rate: f32::MAX, ..OPTIONS };
    let mut tuner = begun(team, small(Pooling::Cls, 3), &lesson, options).unwrap();
    let error = (0..100).find_map(|_| tuner.step(team).err());
    assert!(matches!(error, Some(TuneError::Diverged { .. })), "{error:?}");
}
