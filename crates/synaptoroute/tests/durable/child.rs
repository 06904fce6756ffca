//! Processes of their own: this test binary runs itself.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use synaptoroute::{Durability, OpenOptions, Router, StoreOptions};

use crate::support::{Signs, from_env};
use crate::writers::{Line, Work};

/// What the process is to do; unset where it is no such process.
const TASK: &str = "SYNAPTOROUTE_TEST_TASK";
const FILE: &str = "SYNAPTOROUTE_TEST_FILE";
const SEED: &str = "SYNAPTOROUTE_TEST_SEED";

pub(crate) fn options(durability: Durability) -> OpenOptions {
    // All revisions, so that the log tells everything.
    let store = StoreOptions { durability, keep_revisions: u64::MAX };
    OpenOptions { store, reembed: false }
}

pub(crate) fn open(path: &Path, durability: Durability) -> Router {
    Router::open(Signs::encoder(), path, options(durability), &|_, _| ()).unwrap()
}

/// A command line that runs a task on a database.
pub(crate) struct Task {
    pub(crate) program: std::path::PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Task {
    pub(crate) fn new(task: &str, path: &Path, seed: u64) -> Self {
        let arguments = ["--exact", "child::child", "--ignored", "--nocapture", "--test-threads=1"];
        Self {
            program: std::env::current_exe().unwrap(),
            arguments: arguments.map(Into::into).into(),
            environment: vec![
                (TASK, task.to_owned()),
                (FILE, path.to_str().unwrap().to_owned()),
                (SEED, seed.to_string()),
            ],
        }
    }

    /// Run by another program, which gets these arguments before the task's own.
    pub(crate) fn under(mut self, program: &str, arguments: &[&str]) -> Self {
        let own = std::mem::replace(&mut self.program, program.into());
        let before = arguments.iter().map(|&argument| argument.to_owned());
        let own = own.to_str().unwrap().to_owned();
        self.arguments = before.chain([own]).chain(self.arguments).collect();
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

#[test]
#[ignore = "a process of its own, which other tests start"]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let path = std::env::var_os(FILE).unwrap();
    let (path, seed) = (Path::new(&path), from_env(SEED, 0));
    // The test harness has begun a line.
    say("");
    match task.as_str() {
        "write" => write(path, seed),
        "write and reopen" => write_and_reopen(path, seed, Durability::Full),
        "write and reopen, relaxed" => write_and_reopen(path, seed, Durability::Relaxed),
        "change the model" => crate::install::change(path),
        "change the model on a full disk" => crate::install::change_on_a_full_disk(path),
        other => crate::trouble::child(other, path),
    }
}

/// Tells the other process, in one piece.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Writes until it is killed.
fn write(path: &Path, seed: u64) {
    let router = open(path, Durability::Full);
    say("opened");
    let say = |line: &Line| say(&line.to_string());
    Work { writers: 4, own: true, seed, first: 0, goes_on: &|_| true, say: &say }.run(&router);
}

/// Writes, with pauses in which the database is closed.
fn write_and_reopen(path: &Path, seed: u64, durability: Durability) {
    for part in 0..3 {
        let router = open(path, durability);
        // No step's number comes twice.
        let first = part * 1_000_000;
        // A namespace's creation has no revision by which a lost one could be told from one
        // that is torn.
        let own = durability == Durability::Full;
        let goes_on = |step| step < first + 60;
        let say = |line: &Line| say(&line.to_string());
        Work { writers: 3, own, seed: seed + part, first, goes_on: &goes_on, say: &say }
            .run(&router);
    }
}
