use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use synaptoroute::{Durability, RouterError, StoreError};

use super::{add, assert_holds, assert_in_trouble, begin};
use crate::child::{Task, open};
use crate::settle::assert_sound;
use crate::support::text;

/// A file system of so many megabytes; needs the right to make one.
const SMALL_DISK: &str = "mount -t tmpfs -o size=$1m tmpfs \"$2\" && shift 2 && exec \"$@\"";

/// No file gets longer than this; the signal that says so would end the process.
const LIMIT: &str = "trap '' XFSZ; exec prlimit --fsize=300000:unlimited \"$@\"";

#[test]
fn a_full_disk_takes_nothing_and_loses_nothing() {
    on_a_small_disk("fill a disk", "2");
}

/// Runs a task on a database that lies on a disk of so many megabytes, if one can be had.
#[track_caller]
pub(crate) fn on_a_small_disk(task: &str, megabytes: &str) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let mine = ["--mount", "--map-root-user", "sh", "-c", SMALL_DISK, "sh", megabytes, at];
    let able = Command::new("unshare").args(mine).arg("true").stderr(Stdio::null()).status();
    if !able.as_ref().is_ok_and(std::process::ExitStatus::success) {
        println!("SKIPPED: a small disk cannot be mounted here: {able:?}");
        return;
    }
    let path = folder.path().join("routes.db");
    assert_ended(&Task::new(task, &path, 0).under("unshare", &mine));
}

#[test]
fn a_file_that_may_not_grow_takes_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    assert_ended(&Task::new("reach a limit", &path, 0).under("sh", &["-c", LIMIT, "sh"]));
}

#[track_caller]
fn assert_ended(task: &Task) {
    let Output { status, stdout, .. } = task.command().stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    assert!(status.success() && said.contains("all was well"), "{status}: {said}");
}

/// Room that can be taken away and given back.
pub(crate) struct Room {
    /// Fills the disk; none where the limit is there already.
    filler: Option<PathBuf>,
}

impl Room {
    pub(crate) fn disk(path: &Path) -> Self {
        Self { filler: Some(path.with_extension("filler")) }
    }

    pub(super) fn limit() -> Self {
        Self { filler: None }
    }

    pub(crate) fn take(&self) {
        if let Some(filler) = &self.filler {
            let mut file = File::create(filler).unwrap();
            for size in [4096, 1] {
                while file.write_all(&vec![0; size]).is_ok() {}
            }
        }
    }

    pub(crate) fn give_back(&self) {
        match &self.filler {
            Some(filler) => fs::remove_file(filler).unwrap(),
            None => {
                let process = std::process::id().to_string();
                let lifted =
                    Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited"]).status();
                assert!(lifted.unwrap().success());
            }
        }
    }
}

/// Writes until the disk takes no more, and then again.
pub(super) fn fill(path: &Path, room: &Room) {
    let router = open(path, Durability::Full);
    let mut confirmed = begin(&router);
    room.take();
    // Long, so that it does not take thousands.
    let long = |number: usize| text(&format!("text{number} {}", "and so on ".repeat(200)));
    let error = (0..2000)
        .find_map(|number| match add(&router, &long(number)) {
            Ok(()) => {
                confirmed.push(long(number));
                None
            }
            Err(error) => Some(error),
        })
        .unwrap();
    assert!(error.is_store_failure(), "{error}");
    if room.filler.is_some() {
        let RouterError::Store(cause) = &error else { panic!("{error}") };
        assert!(matches!(**cause, StoreError::DiskFull { .. }), "{error}");
        assert!(error.to_string().contains("disk is full; make room"), "{error}");
    }
    // There may be room for something shorter.
    while router.probe().is_ok() {}
    assert_in_trouble(&router, "disk");
    assert_holds(&router, &confirmed);
    assert_eq!(router.snapshot().revision().get(), confirmed.len() as u64);

    room.give_back();
    router.probe().unwrap();
    assert_eq!(router.store_trouble(), None);
    let after = text("there is room again");
    add(&router, &after).unwrap();
    confirmed.push(after);
    assert_holds(&router, &confirmed);
    drop(router);
    let router = open(path, Durability::Full);
    assert_holds(&router, &confirmed);
    assert_eq!(router.revisions(None, usize::MAX).unwrap().len(), confirmed.len());
    drop(router);
    assert_sound(path);
    crate::child::say("all was well");
}
