use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{Crew, RowsMut, Team};

#[test]
fn every_part_is_done_once_and_seen() {
    let crew = Crew::new(3).unwrap();
    for round in 0..2000 {
        let mut team = crew.join();
        for parts in [0, 1, 2, 7, 64] {
            let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
            team.run(parts, |thread, part| {
                assert!(thread < 4);
                counts[part].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{round}");
        }
        // Every now and then the helpers fall asleep in between.
        if round % 200 == 0 {
            drop(team);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn helpers_do_their_share() {
    let crew = Crew::new(1).unwrap();
    let by_helper = AtomicUsize::new(0);
    // Parts that sleep: also on one core the helper comes in between.
    for _ in 0..20 {
        crew.join().run(4, |thread, _| {
            by_helper.fetch_add(thread, Ordering::Relaxed);
            thread::sleep(Duration::from_micros(500));
        });
    }
    assert!(by_helper.load(Ordering::Relaxed) > 0);
}

/// A team that was held for minutes lost its helper for good, once that found itself on the CPU where
/// the leader had begun: tuning ran on one core.
#[test]
fn helpers_that_are_kept_are_in_nobodys_way() {
    let crew = Crew::new(1).unwrap();
    let share = |team: &mut Team<'_>| {
        let by_helper = AtomicUsize::new(0);
        for _ in 0..20 {
            team.run(4, |thread, _| {
                by_helper.fetch_add(thread, Ordering::Relaxed);
                thread::sleep(Duration::from_micros(500));
            });
        }
        by_helper.into_inner()
    };
    let helpers = crew.helpers.as_ref().unwrap();
    let mut joined = crew.join();
    helpers.shared.get_in_the_way();
    assert_eq!(share(&mut joined), 0, "it would hold up who joined");
    drop(joined);
    helpers.shared.get_in_the_way();
    let mut kept = crew.keep();
    assert!(share(&mut kept) > 0);
}

#[test]
fn rows_are_shared_out_without_gap_or_overlap() {
    let crew = Crew::new(2).unwrap();
    for count in 0..70 {
        let (mut reals, mut codes) = (vec![0.0; count * 3], vec![0; count]);
        let rows = RowsMut { reals: &mut reals, codes: &mut codes, scales: &mut [] };
        crew.join().rows(count, rows, |range, rows| {
            assert_eq!(rows.reals.len(), range.len() * 3);
            for (row, code) in range.zip(rows.codes) {
                *code += row as u8 + 1;
            }
            rows.reals.iter_mut().for_each(|x| *x += 1.0);
        });
        assert!(reals.iter().all(|&x| x == 1.0));
        assert!(codes.iter().enumerate().all(|(row, &code)| code == row as u8 + 1));
    }
}

#[test]
fn a_panic_reaches_the_caller_and_breaks_nothing() {
    let crew = Crew::new(1).unwrap();
    for at in 0..8 {
        let mut team = crew.join();
        let run = || team.run(8, |_, part| assert!(part != at, "part {at}"));
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), &format!("part {at}"));
    }
    let done = AtomicUsize::new(0);
    crew.join().run(8, |_, _| {
        done.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(done.into_inner(), 8);
}

#[test]
fn who_is_not_alone_gets_no_help() {
    let crew = Crew::new(1).unwrap();
    let first = crew.join();
    assert_eq!(first.size(), 2);
    let mut second = crew.join();
    assert_eq!(second.size(), 1);
    second.run(8, |thread, _| assert_eq!(thread, 0));
    drop(first);
    // The second came while the first was there, and stays alone.
    assert_eq!(second.size(), 1);
    drop(second);
    assert_eq!(crew.join().size(), 2);
}

#[test]
fn nobody_comes_twice_as_the_leader() {
    let crew = Crew::new(1).unwrap();
    let mut team = crew.join();
    let other = crew.join();
    // With another pass under way, the helpers stay out of it.
    team.run(8, |thread, _| assert_eq!(thread, 0));
    drop(other);
    Team::alone().run(8, |thread, _| assert_eq!(thread, 0));
}

/// Two helpers panicked in one stage; the second one's panic came out of the next, innocent one.
#[test]
fn all_panics_of_a_stage_end_with_it() {
    let crew = Crew::new(3).unwrap();
    for _ in 0..20 {
        let mut team = crew.join();
        let run = || {
            team.run(8, |_, part| {
                thread::sleep(Duration::from_micros(300));
                panic!("part {part}");
            });
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        let done = AtomicUsize::new(0);
        team.run(8, |_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 8);
    }
}

/// What a panic carries may panic when it is dropped: not while others still work.
#[test]
fn a_panic_that_panics_again_waits_for_the_others() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(thread::panicking(), "dropped");
        }
    }
    let crew = Crew::new(1).unwrap();
    let done = AtomicUsize::new(0);
    let run = || {
        crew.join().run(8, |_, _| {
            done.fetch_add(1, Ordering::Relaxed);
            std::panic::panic_any(Bomb);
        });
    };
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else { panic!("no panic came") };
    std::mem::forget(panic);
    assert_eq!(done.load(Ordering::Relaxed), 8);
}
