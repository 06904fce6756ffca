use synaptoroute_kernels::Kernels;

use super::{Batches, FOREIGN};
use crate::lesson::Lesson;

/// Unit vectors in a plane, by their angles in degrees.
fn at(angles: &[f32]) -> Vec<f32> {
    angles.iter().flat_map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()]).collect()
}

/// Two routes of two texts, and so many that belong to none.
fn lesson(negatives: usize, background: usize) -> Lesson {
    let foreign = negatives + background;
    Lesson {
        ids: vec![vec![1]; 4 + foreign],
        labels: [vec![Some(0), Some(0), Some(1), Some(1)], vec![None; foreign]].concat(),
        members: vec![vec![0, 1], vec![2, 3]],
        negatives: (4..4 + negatives).collect(),
        background: (4 + negatives..4 + foreign).collect(),
    }
}

/// Texts of no route in a batch: negatives, and others.
fn foreign(negatives: usize, background: usize) -> (usize, usize) {
    let lesson = lesson(negatives, background);
    let angles = [vec![0.0, 10.0, 80.0, 90.0], vec![180.0; negatives + background]].concat();
    let mut batches = Batches::new(&lesson, &at(&angles), Kernels::detect(), 1);
    let batch = batches.next();
    let among = |places: &[usize]| batch.iter().filter(|place| places.contains(place)).count();
    assert_eq!(among(&[0, 1, 2, 3]), 4, "{batch:?}");
    (among(&lesson.negatives), among(&lesson.background))
}

#[test]
fn a_batch_has_negatives_and_background_by_halves_as_far_as_there_are_any() {
    assert_eq!(foreign(0, 0), (0, 0));
    assert_eq!(foreign(0, 20), (0, FOREIGN));
    assert_eq!(foreign(20, 20), (FOREIGN / 2, FOREIGN / 2));
    assert_eq!(foreign(1, 20), (1, FOREIGN - 1));
    assert_eq!(foreign(20, 0), (FOREIGN, 0));
}

#[test]
fn background_that_looks_in_scope_is_left_out() {
    let lesson = lesson(1, 3);
    // Utterances are 10 degrees from the other of their route. The negative is left in whatever it
    // looks like: somebody said that it belongs nowhere.
    let angles = [0.0, 10.0, 80.0, 90.0, 5.0, 45.0, 71.0, 69.0];
    let mut batches = Batches::new(&lesson, &at(&angles), Kernels::detect(), 1);
    let drawn = |batches: &mut Batches<'_>| {
        let mut foreign: Vec<usize> = batches.next().into_iter().filter(|&i| i > 3).collect();
        foreign.sort_unstable();
        foreign
    };
    for _ in 0..10 {
        assert_eq!(drawn(&mut batches), [4, 5, 7]);
    }
}
