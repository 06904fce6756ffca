use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use synaptoroute::{Durability, Router, StoreError};

use super::{assert_holds, begin};
use crate::child::{Task, open, options, say};
use crate::support::Signs;

/// To whom nothing belongs.
const NOBODY: u32 = 65534;

#[test]
fn a_file_that_may_not_be_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let may = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let files = folder.path().join("files");
    fs::create_dir(&files).unwrap();
    let path = files.join("routes.db");
    let router = open(&path, Durability::Full);
    let confirmed = begin(&router);
    drop(router);
    // Root may write anywhere, so another has to try: who must get at this program for it.
    let mut task = Task::new("open what is read-only", &path, 0);
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if root {
        let program = folder.path().join("program");
        fs::copy(&task.program, &program).unwrap();
        task.program = program;
        may(folder.path(), 0o755);
    }
    for (what, file, directory) in [("the file", 0o444, 0o777), ("all", 0o444, 0o555)] {
        may(&path, file);
        may(&path.with_extension("db.lock"), 0o666);
        may(&files, directory);
        let mut command = task.command();
        if root {
            command.uid(NOBODY);
        }
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("all was well"), "{what}: {said}");
    }
    may(&files, 0o755);
    may(&path, 0o644);
    assert_holds(&open(&path, Durability::Full), &confirmed);
}

pub(super) fn try_to_open(path: &Path) {
    let options = options(Durability::Full);
    let error = Router::open(Signs::encoder(), path, options, &|_, _| ()).unwrap_err();
    let synaptoroute::RouterError::Store(cause) = &error else { panic!("{error}") };
    assert!(matches!(**cause, StoreError::ReadOnly), "{error}");
    let reader = Router::read_only(Signs::encoder(), path).unwrap();
    assert_holds(&reader, &[crate::support::text("the first")]);
    say("all was well");
}
