use std::time::Duration;

use super::at_once::at_once;
use super::case::Case;
use super::floor::{Limits, Load};
use super::report::GemmReport;
use super::rounds::{Series, in_rounds};

const LIMITS: Limits = Limits { integer: 100.0, float: 10.0, bytes: 20.0 };

#[test]
fn the_floor_is_the_slower_of_multiplying_and_reading_then_attention() {
    let multiplied = Load { linear: 600, attention: 5, weights: 100 };
    assert_eq!(multiplied.floor(&LIMITS), 6.0 + 0.5);
    let read = Load { linear: 100, attention: 5, weights: 100 };
    assert_eq!(read.floor(&LIMITS), 5.0 + 0.5);
}

#[test]
fn linear_layers_well_beyond_the_peak_disprove_it() {
    let report = |of_peak| GemmReport { rows: 64, integer_g: Some(300.0), of_peak };
    assert_eq!(report(Some(1.04)).disproof(), Some((64, 300.0)));
    assert_eq!(report(Some(1.02)).disproof(), None);
    assert_eq!(report(None).disproof(), None);
}

#[test]
fn cases_grow_with_threads_and_end_where_the_model_does() {
    let one = Case::all(1, 512);
    assert_eq!(one.len(), 15);
    assert!(one.iter().all(|case| case.threads == 1));
    let four = Case::all(4, 512);
    assert_eq!(four[..15], one[..]);
    assert!(four[15..].iter().all(|case| case.threads == 4));
    assert_eq!(four.len(), 30);
    assert!(Case::all(2, 256).iter().flat_map(|case| &case.lengths).all(|&n| n <= 256));
    assert_eq!(
        Case::few(512).iter().map(Case::tokens).collect::<Vec<_>>(),
        [6, 12, 24, 64, 128, 512]
    );
}

#[test]
fn a_batch_is_ragged() {
    let batches: Vec<Case> = Case::all(1, 512).into_iter().filter(|case| case.is_batch).collect();
    let sizes: Vec<usize> = batches.iter().map(Case::texts).collect();
    assert_eq!(sizes, [1, 8, 32, 128]);
    assert_eq!(batches[1].lengths, [6, 9, 12, 14, 8, 17, 11, 22]);
    assert_eq!(batches[2].lengths[10..12], [6, 9]);
    assert_eq!(batches[3].tokens(), 12 * 119 + 99);
    let ids = batches[1].ids(100);
    assert!(ids.iter().zip(&batches[1].lengths).all(|(ids, &tokens)| ids.len() == tokens));
    assert!(ids.iter().flatten().all(|&id| id < 100));
}

#[test]
fn every_round_does_every_job_once_in_another_order() {
    let mut done = Vec::new();
    let enough = Duration::from_millis(5);
    let rounds = in_rounds(enough, (0..20).collect(), |&job: &i32, _| {
        std::thread::sleep(Duration::from_micros(50));
        done.push(job);
    });
    let orders: Vec<&[i32]> = done.chunks(20).collect();
    assert_eq!(orders.len(), rounds as usize);
    for order in &orders {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..20), "{order:?}");
    }
    assert!(orders.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn there_is_a_round_even_if_there_is_no_time() {
    let mut done = 0;
    assert_eq!(in_rounds(Duration::ZERO, vec![(); 3], |(), _| done += 1), 1);
    assert_eq!(done, 3);
}

#[test]
fn a_series_warms_up_where_a_run_is_short() {
    let mut short = Series::new(1e-3);
    short.burst(|times| (0..times).map(|run| if run == 0 { 9.0 } else { 1e-3 }).collect());
    assert_eq!(short.best(), Some(1e-3));
    assert!(short.times_ms().len() > 1 && !short.times_ms().contains(&9e3));
    let mut long = Series::new(1.0);
    long.burst(|times| vec![0.5; times]);
    assert_eq!((long.times_ms(), long.expected()), (&[500.0][..], 0.5));
}

#[test]
fn every_thread_does_its_part_in_every_turn() {
    for threads in [1, 2, 5] {
        let turns = at_once(threads, 3, |thread, turn| (turn, thread));
        assert_eq!(turns.len(), 3);
        for (number, turn) in turns.iter().enumerate() {
            let expected: Vec<_> = (0..threads).map(|thread| (number, thread)).collect();
            assert_eq!(turn.results, expected);
        }
    }
}
