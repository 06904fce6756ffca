//! One writer, readers beside it, and files that are not what they should be.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use synaptoroute_router::{Change, MAX_METADATA_BYTES};
use synaptoroute_store::{Reader, Store, StoreError};

use crate::mirror::load;
use crate::support::{apply, default, model, name, open, options, revision, route};

fn open_error(path: &Path) -> StoreError {
    Store::open(path, &model(), options(1)).unwrap_err()
}

/// Names the file that a child process is to open; the tests it is for do nothing without.
const FILE: &str = "SYNAPTOROUTE_STORE_TEST_FILE";

/// Runs one test of this program as another process.
fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(FILE, path).stdout(Stdio::piped());
    command
}

/// The child's line that begins so.
fn line(child: &mut Child, begin: &str) -> String {
    BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with(begin))
        .unwrap()
}

/// Limits are for what is written: an older program kept whatever it was given.
#[test]
fn metadata_over_the_limit_of_today_open_still() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("older.db");
    let mut heavy = route("heavy", &["one"]);
    heavy.metadata.insert("k".into(), "x".repeat(MAX_METADATA_BYTES).into());
    let mut lists = serde_json::Value::Null;
    for _ in 0..100 {
        lists = vec![lists].into();
    }
    heavy.metadata.insert("deep".into(), lists);
    let metadata = heavy.metadata.clone();
    assert!(metadata.check(&heavy.name).is_err());
    apply(&mut open(&path), &Change::Upsert(heavy)).unwrap();
    let content = load(&open(&path))[&default()].1.content();
    assert_eq!(content.routes[&name("heavy")].0.metadata, metadata);
}

#[test]
fn child_holds_the_file() {
    let Ok(path) = std::env::var(FILE) else { return };
    let mut store = open(path.as_ref());
    apply(&mut store, &Change::Upsert(route("from the child", &["a"]))).unwrap();
    println!("\nheld");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn child_opens_the_file() {
    let Ok(path) = std::env::var(FILE) else { return };
    println!("\nopened {:?}", Store::open(path.as_ref(), &model(), options(1)).map(|_| ()));
}

#[test]
fn a_second_writer_is_refused_with_the_pid_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut holder =
        child("opening::child_holds_the_file", &path).stdin(Stdio::piped()).spawn().unwrap();
    line(&mut holder, "held");
    let error = open_error(&path);
    assert!(
        matches!(&error, StoreError::InUse { pid, .. } if *pid == Some(holder.id())),
        "{error}"
    );
    // A reader is welcome, and sees what was committed.
    assert_eq!(Reader::open(&path).unwrap().namespaces().unwrap(), [(default(), revision(1))]);
    // However the process ends, the lock ends with it, and nothing acknowledged is lost.
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(load(&open(&path))[&default()].0, revision(1));
}

#[test]
fn a_second_writer_of_one_process_is_refused_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let first = open(&path);
    assert!(matches!(open_error(&path), StoreError::InUse { .. }));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(open_error(&link), StoreError::InUse { .. }), "by another name");
    }
    drop(first);
    open(&path);
}

#[test]
fn a_reader_follows_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = open(&path);
    let reader = Reader::open(&path).unwrap();
    for n in 1..5 {
        apply(&mut store, &Change::Upsert(route(&format!("route {n}"), &["a"]))).unwrap();
        assert_eq!(load(&reader), load(&store));
        assert_eq!(reader.revisions(&default(), None, 1).unwrap()[0].revision, revision(n));
    }
    drop(store);
    assert_eq!(reader.export(&default()).unwrap().routes.len(), 4);
}

#[test]
fn a_reader_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let error = Reader::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    fs::write(&path, "").unwrap();
    assert!(matches!(Reader::open(&path), Err(StoreError::Empty { .. })));
    open(&path);
    Reader::open(&path).unwrap();
}

/// What it is, how it is made, and whether an error is the right one.
type Case<'a> = (&'a str, &'a dyn Fn(&Path), fn(&StoreError) -> bool);

#[test]
fn files_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [Case<'_>; 4] = [
        (
            "no database",
            &|path| fs::write(path, "version: 1\nroutes: []\n".repeat(99)).unwrap(),
            |error| matches!(error, StoreError::Damaged { .. }),
        ),
        (
            "tables without a name",
            &|path| execute(path, "CREATE TABLE routes (name TEXT)"),
            |error| matches!(error, StoreError::NotOurs { application_id: 0, .. }),
        ),
        (
            "another program's",
            &|path| execute(path, "PRAGMA application_id = 77; CREATE TABLE t (a)"),
            |error| matches!(error, StoreError::NotOurs { application_id: 77, .. }),
        ),
        (
            "a later version's",
            &|path| {
                open(path);
                execute(path, "PRAGMA user_version = 999");
            },
            |error| matches!(error, StoreError::TooNew { found: 999, known: 4 }),
        ),
    ];
    for (what, make, expected) in cases {
        let path = folder.path().join(what);
        make(&path);
        let before = fs::read(&path).unwrap();
        for error in [open_error(&path), Reader::open(&path).unwrap_err()] {
            assert!(expected(&error), "{what}: {error:?}");
            assert!(error.is_store_failure());
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{what}");
    }
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_cannot_be_opened_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("no such folder/routes.db")] {
        let error = open_error(&path);
        assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_leave_to_write_says_so() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    open(&path);
    let lock = folder.path().join("routes.db.lock");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (file_mode, folder_mode) in [(0o444, 0o777), (0o444, 0o555)] {
        set(&path, file_mode);
        set(&lock, 0o666);
        set(folder.path(), folder_mode);
        let mut command = child("opening::child_opens_the_file", &path);
        // Root may write whatever the mode says, so there somebody else tries.
        if fs::File::options().write(true).open(&path).is_ok() {
            command.uid(65_534);
        }
        let Ok(mut opener) = command.spawn() else {
            println!("this program cannot be run by another user here: not tested");
            break;
        };
        assert_eq!(line(&mut opener, "opened"), "opened Err(ReadOnly)");
        opener.wait().unwrap();
    }
    set(folder.path(), 0o777);
}
