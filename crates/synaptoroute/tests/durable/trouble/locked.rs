use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use synaptoroute::{Durability, Router};

use super::{add, assert_holds, assert_in_trouble, begin};
use crate::child::{Task, open, options, say};
use crate::support::{Signs, text};

#[test]
fn while_another_program_has_it_locked_decisions_go_on_and_changes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    let mut confirmed = begin(&router);

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE theirs (x)").unwrap();
    let refused = text("in vain");
    let (asked, answers) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let result = add(&router, &refused);
            drop(asked);
            result
        });
        // It waits for some seconds; readers do not.
        while answers.try_recv() == Err(mpsc::TryRecvError::Empty) {
            assert_holds(&router, &confirmed);
        }
        let error = writer.join().unwrap().unwrap_err();
        assert!(error.is_store_failure());
        assert!(error.to_string().contains("another program keeps the database locked"), "{error}");
    });
    assert!(router.store_trouble().unwrap().contains("locked"));
    assert_holds(&router, &confirmed);
    // What others are at is read beside them.
    assert_eq!(router.revisions(None, 10).unwrap().len(), 1);

    // It is let go of while a change waits.
    thread::scope(|scope| {
        let writer = scope.spawn(|| add(&router, &text("just in time")));
        other.execute_batch("ROLLBACK").unwrap();
        writer.join().unwrap().unwrap();
    });
    confirmed.push(text("just in time"));
    assert_eq!(router.store_trouble(), None);
    drop((router, other));
    assert_holds(&open(&path, Durability::Full), &confirmed);
}

#[test]
fn a_second_process_is_told_who_has_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    let confirmed = begin(&router);
    let task = Task::new("open", &path, 0);
    let output = task.command().stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let who = format!("is in use by process {}; stop that program", std::process::id());
    assert!(said.contains(&who), "{said}");
    // Reading beside it goes.
    assert!(said.contains("read at revision 1"), "{said}");
    assert_holds(&router, &confirmed);
    add(&router, &text("not disturbed")).unwrap();
}

pub(super) fn try_to_open(path: &Path) {
    let options = options(Durability::Full);
    let error = Router::open(Signs::encoder(), path, options, &|_, _| ()).unwrap_err();
    say(&error.to_string());
    let reader = Router::read_only(Signs::encoder(), path).unwrap();
    say(&format!("read at revision {}", reader.snapshot().revision()));
    assert!(add(&reader, &text("in vain")).unwrap_err().to_string().contains("read-only"));
}

#[test]
fn trouble_lasts_until_something_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    begin(&router);
    // Its pages are read anew, and are not what they were.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("DROP TABLE revisions").unwrap();
    add(&router, &text("in vain")).unwrap_err();
    assert_in_trouble(&router, "revisions");
}
