use std::fs::{self, File};
use std::path::Path;
use std::sync::Mutex;

use synaptoroute::{Durability, Router};

use super::{add, assert_holds, assert_in_trouble, begin};
use crate::child::{open, options};
use crate::settle::{Fault, World, assert_sound};
use crate::support::{Dice, Signs, text};
use crate::writers::{Line, Work};

/// SQLite's log holds what is not yet in the database itself. If its end is gone, or a part
/// of it is damaged, what comes after that is gone too: nothing else has it. What is left is
/// what was there at some earlier commit.
#[test]
fn a_log_that_was_cut_short_or_damaged_leaves_an_earlier_state_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    let lines = Mutex::new(Vec::new());
    let say = |line: &Line| lines.lock().unwrap().push(line.clone());
    let goes_on = |step| step < 30;
    Work { writers: 3, own: false, seed: 3, first: 0, goes_on: &goes_on, say: &say }.run(&router);
    let lines = lines.into_inner().unwrap();
    // As a process that ends now leaves it.
    let [database, log] =
        [&path, &path.with_extension("db-wal")].map(|file| fs::read(file).unwrap());
    drop(router);

    let mut dice = Dice::new(1);
    let mut last = None;
    let (mut lost, mut whole) = (0, 0);
    let ends = (0..40).map(|_| dice.below(log.len() as u64)).collect::<Vec<_>>();
    let cuts = [0, 1, 31, 32, 33, 32 + 24, 32 + 24 + 4096, log.len() as u64].into_iter();
    for end in cuts.chain(ends) {
        for damaged in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("routes.db");
            fs::write(&path, &database).unwrap();
            let mut left = log.clone();
            if damaged {
                left.get_mut(end as usize).into_iter().for_each(|byte| *byte ^= 1);
            } else {
                left.truncate(end as usize);
            }
            fs::write(path.with_extension("db-wal"), left).unwrap();
            let options = options(Durability::Relaxed);
            let router = Router::open(Signs::encoder(), &path, options, &|_, _| ()).unwrap();
            match World::new(u64::MAX).settle(&router, &lines) {
                Ok(()) => whole += 1,
                Err(Fault::Lost(_)) => lost += 1,
                Err(fault) => panic!("{end} of {}: {fault:?}", log.len()),
            }
            last = Some(router.snapshot().revision());
            drop(router);
            assert_sound(&path);
        }
    }
    println!("log: {lost} times an earlier state, {whole} times all");
    assert!(lost > 40 && whole > 0 && last.is_some());
}

/// Nobody should; but someone wants to free some room, or puts a backup in place of a file
/// that is open. SQLite would go on, and destroy the database when it is closed.
#[test]
fn files_that_change_under_a_running_router_are_not_written_to() {
    type Act = fn(&Path, &Path);
    let acts: [(&str, Act); 6] = [
        ("cut short", |_, log| File::options().write(true).open(log).unwrap().set_len(0).unwrap()),
        ("cut short", |_, log| {
            let file = File::options().write(true).open(log).unwrap();
            file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        }),
        ("moved or deleted", |_, log| fs::remove_file(log).unwrap()),
        ("moved or deleted", |database, _| {
            fs::rename(database, database.with_extension("moved")).unwrap();
        }),
        ("replaced", |database, _| {
            let copy = database.with_extension("copy");
            fs::copy(database, &copy).unwrap();
            fs::rename(copy, database).unwrap();
        }),
        ("replaced", |_, log| {
            let copy = log.with_extension("copy");
            fs::copy(log, &copy).unwrap();
            fs::rename(copy, log).unwrap();
        }),
    ];
    for (word, act) in acts {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("routes.db");
        let router = open(&path, Durability::Full);
        let mut confirmed = begin(&router);
        drop(router);
        let router = open(&path, Durability::Full);
        confirmed.push(text("in the log"));
        add(&router, &confirmed[1]).unwrap();
        act(&path, &path.with_extension("db-wal"));
        for _ in 0..3 {
            let error = add(&router, &text("in vain")).unwrap_err();
            assert!(error.is_store_failure());
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
        assert_in_trouble(&router, word);
        assert!(router.probe().is_err());
        assert_holds(&router, &confirmed);
        // Its content can still be had, and taken elsewhere.
        let content = router.export().1;
        drop(router);
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = open(&folder.path().join("routes.db"), Durability::Full);
        elsewhere.load(content, &|_, _| ()).unwrap();
        assert_holds(&elsewhere, &confirmed);
        // What was in the database itself is unharmed.
        for database in [&path, &path.with_extension("moved")] {
            if database.exists() {
                assert_sound(database);
                let left = open(database, Durability::Full);
                assert!(left.snapshot().revision().get() >= 1);
            }
        }
    }
}
