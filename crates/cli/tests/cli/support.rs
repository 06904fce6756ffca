//! Running the program as a user does: in a folder of its own, over its own port.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long something that must happen is waited for. Nothing is proved by its length; a
/// machine may be as slow as it likes below it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, without what the tester's own environment says.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synaptoroute"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("SYNAPTOROUTE_") && name != "SYNAPTOROUTE_ISA" {
            command.env_remove(&*name);
        }
    }
    command.stdin(Stdio::null());
    command
}

pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/support.yaml")
}

/// Runs to the end.
pub(crate) fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// What a command that worked printed.
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{:?}: {}", output.status.code(), stderr(output));
    stdout(output).to_owned()
}

/// The JSON objects that a command that worked printed.
pub(crate) fn objects(output: &Output) -> Vec<Value> {
    printed(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder that the program runs in.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn program(&self) -> Command {
        let mut command = program();
        command.current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.program().args(args).output().unwrap()
    }

    /// A service whose files are here.
    pub(crate) fn serve(&self, args: &[&str]) -> Service {
        Service::of(self.program().args(SERVE).args(args), Stdio::piped())
    }
}

/// A service on a port of its own.
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A service that is stopped when the test ends, however it ends.
pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) url: String,
    notes: Mutex<Receiver<String>>,
}

impl Service {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::saying(args, Stdio::piped())
    }

    /// By a command that is set up already.
    pub(crate) fn by(mut command: Command, args: &[&str]) -> Self {
        Self::of(command.args(SERVE).args(args), Stdio::piped())
    }

    /// As [`Self::start`], with its standard error where it is told.
    pub(crate) fn saying(args: &[&str], stderr: Stdio) -> Self {
        Self::of(program().args(SERVE).args(args), stderr)
    }

    fn of(command: &mut Command, stderr: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        let (sender, notes) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
            thread::spawn(move || lines.try_for_each(|line| sender.send(line)));
        }
        let service = Self { child, url: url.trim_end().to_owned(), notes: notes.into() };
        assert!(service.url.starts_with("http"), "{:?}: {}", service.url, service.rest());
        service
    }

    /// Waits until it says a line with this in it.
    pub(crate) fn says(&self, words: &str) -> String {
        let mut said = Vec::new();
        loop {
            match self.notes.lock().unwrap().recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => said.push(line),
                Err(_) => panic!("it never said {words:?}, but: {}", said.join("\n")),
            }
        }
    }

    /// What it says until it ends.
    pub(crate) fn rest(&self) -> String {
        self.notes.lock().unwrap().iter().collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let mut answer = ureq::get(format!("{}{path}", self.url)).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = ureq::post(format!("{}{path}", self.url)).send_json(body).unwrap();
        answer.body_mut().read_json().unwrap()
    }

    pub(crate) fn route(&self, query: &str) -> Value {
        self.post("/route", &json!({ "query": query }))
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let routes = self.get("/routes?limit=1000");
        let name = |route: &Value| route["name"].as_str().unwrap().to_owned();
        routes["routes"].as_array().unwrap().iter().map(name).collect()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Ends as a service should, and gives what it still said.
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        assert!(self.child.wait().unwrap().success());
        self.rest()
    }

    /// Ends as by a crash.
    pub(crate) fn kill(mut self) {
        self.signal("-KILL");
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
