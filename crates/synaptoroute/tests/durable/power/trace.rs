//! The system calls of a process, as `strace` wrote them down, read as what they did to the
//! files of one folder.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::writers::Line;

/// What to trace: all that changes files or makes changes last.
pub(crate) const CALLS: &str = "trace=open,openat,creat,close,dup,dup2,dup3,lseek,write,pwrite64,\
     writev,pwritev,pwritev2,truncate,ftruncate,fallocate,sendfile,copy_file_range,fsync,fdatasync,\
     sync_file_range,sync,syncfs,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir";

/// Something that happened, between two lines of the trace.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The call had begun by this line, and not before.
    pub(crate) begin: usize,
    /// It had ended by this line, and not before.
    pub(crate) end: usize,
    pub(crate) what: Happened,
}

/// A file is told from another of the same name by a number.
#[derive(Clone, Debug)]
pub(crate) enum Happened {
    Created { file: usize, name: String },
    Unlinked { name: String },
    Renamed { from: String, to: String },
    FolderSynced,
    Written { file: usize, offset: usize, bytes: Arc<[u8]> },
    Truncated { file: usize, len: usize },
    Synced { file: usize },
    Said(Line),
}

/// A call with its arguments as they were printed.
struct Call<'a> {
    begin: usize,
    end: usize,
    name: &'a str,
    arguments: &'a str,
    result: i64,
}

/// All that happened in a folder, in the order in which it began.
pub(crate) fn read(trace: &str, folder: &Path) -> Vec<Event> {
    let mut reader = Reader {
        folder: folder.to_str().unwrap().to_owned(),
        names: HashMap::new(),
        files: 0,
        descriptors: HashMap::new(),
        said: String::new(),
        events: Vec::new(),
    };
    for call in calls(trace) {
        if call.result >= 0 {
            reader.take(&call);
        }
    }
    reader.events
}

/// Complete calls. Where another thread came between, a call stands on two lines.
fn calls(trace: &str) -> Vec<Call<'_>> {
    let mut calls: Vec<Call<'_>> = Vec::new();
    let mut unfinished: HashMap<&str, usize> = HashMap::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let result = |ended: &str| {
            let (_, result) = ended.rsplit_once(" = ").unwrap();
            result.split(' ').next().unwrap().parse().unwrap_or(-1)
        };
        if rest.starts_with("<... ") {
            let call = &mut calls[unfinished.remove(process).unwrap()];
            (call.end, call.result) = (number, result(rest));
        } else if let Some((name, arguments)) = rest.split_once('(') {
            let mut call = Call { begin: number, end: usize::MAX, name, arguments, result: -1 };
            if let Some(arguments) = arguments.strip_suffix(" <unfinished ...>") {
                call.arguments = arguments;
                unfinished.insert(process, calls.len());
            } else if arguments.contains(" = ") {
                (call.end, call.result) = (number, result(arguments));
            }
            calls.push(call);
        }
    }
    calls
}

struct Reader {
    folder: String,
    /// Which file has a name now.
    names: HashMap<String, usize>,
    files: usize,
    descriptors: HashMap<i64, Descriptor>,
    /// The beginning of a line.
    said: String,
    events: Vec<Event>,
}

#[derive(Clone, Copy)]
struct Descriptor {
    /// None for the folder itself.
    file: Option<usize>,
    position: usize,
}

impl Reader {
    fn take(&mut self, call: &Call<'_>) {
        let descriptor = || -> i64 { number(call, 0) };
        match call.name {
            "open" => self.open(call, 0),
            "openat" => self.open(call, 1),
            "close" => drop(self.descriptors.remove(&descriptor())),
            "lseek" => {
                if let Some(open) = self.descriptors.get_mut(&descriptor()) {
                    open.position = call.result as usize;
                }
            }
            "write" if descriptor() == 1 => self.say(call),
            "write" => {
                if let Some(open) = self.descriptors.get_mut(&descriptor()) {
                    let offset = open.position;
                    open.position += call.result as usize;
                    let file = open.file.unwrap();
                    self.write(call, file, offset);
                }
            }
            "pwrite64" => {
                if let Some(open) = self.descriptors.get(&descriptor()) {
                    let (file, offset) = (open.file.unwrap(), number(call, 3));
                    self.write(call, file, offset as usize);
                }
            }
            "ftruncate" => {
                if let Some(open) = self.descriptors.get(&descriptor()) {
                    let (file, len) = (open.file.unwrap(), number(call, 1) as usize);
                    self.push(call, Happened::Truncated { file, len });
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(open) = self.descriptors.get(&descriptor()) {
                    let file = open.file;
                    let synced = file.map(|file| Happened::Synced { file });
                    self.push(call, synced.unwrap_or(Happened::FolderSynced));
                }
            }
            "unlink" => self.unlink(call, 0),
            "unlinkat" => self.unlink(call, 1),
            "rename" => self.rename(call, 0, 1),
            "renameat" | "renameat2" => self.rename(call, 1, 3),
            // What would go unnoticed here must not be taken for nothing.
            other => {
                let path = (0..2).filter_map(|at| self.name(call, at)).next();
                let open = self.descriptors.contains_key(&descriptor());
                assert!(path.is_none() && !open, "{other} is not understood: {}", call.arguments);
            }
        }
    }

    fn open(&mut self, call: &Call<'_>, at: usize) {
        let path = argument(call, at).and_then(|path| String::from_utf8(path).ok());
        let file = if path.as_deref() == Some(self.folder.as_str()) {
            None
        } else {
            let Some(name) = self.name(call, at) else { return };
            let known = self.names.get(&name).copied();
            let file = known.unwrap_or_else(|| {
                assert!(call.arguments.contains("O_CREAT"), "{name} was there before");
                self.files += 1;
                self.names.insert(name.clone(), self.files);
                self.push(call, Happened::Created { file: self.files, name });
                self.files
            });
            if known.is_some() && call.arguments.contains("O_TRUNC") {
                self.push(call, Happened::Truncated { file, len: 0 });
            }
            Some(file)
        };
        self.descriptors.insert(call.result, Descriptor { file, position: 0 });
    }

    fn write(&mut self, call: &Call<'_>, file: usize, offset: usize) {
        let mut bytes = argument(call, 1).unwrap();
        bytes.truncate(call.result as usize);
        self.push(call, Happened::Written { file, offset, bytes: bytes.into() });
    }

    fn unlink(&mut self, call: &Call<'_>, at: usize) {
        if let Some(name) = self.name(call, at) {
            self.names.remove(&name);
            self.push(call, Happened::Unlinked { name });
        }
    }

    fn rename(&mut self, call: &Call<'_>, from: usize, to: usize) {
        if let (Some(from), Some(to)) = (self.name(call, from), self.name(call, to)) {
            let file = self.names.remove(&from).unwrap();
            self.names.insert(to.clone(), file);
            self.push(call, Happened::Renamed { from, to });
        }
    }

    fn say(&mut self, call: &Call<'_>) {
        self.said += &String::from_utf8(argument(call, 1).unwrap()).unwrap();
        while let Some((line, rest)) = self.said.split_once('\n') {
            let (line, rest) = (line.parse().ok(), rest.to_owned());
            self.said = rest;
            if let Some(line) = line {
                self.push(call, Happened::Said(line));
            }
        }
    }

    fn push(&mut self, call: &Call<'_>, what: Happened) {
        self.events.push(Event { begin: call.begin, end: call.end, what });
    }

    /// The name in the folder that an argument has, if it is one that a power cut is about:
    /// the shared memory is made anew after it, and the lock holds nothing.
    fn name(&self, call: &Call<'_>, at: usize) -> Option<String> {
        let path = String::from_utf8(argument(call, at)?).ok()?;
        let name = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        (!name.ends_with("-shm") && !name.ends_with(".lock")).then(|| name.to_owned())
    }
}

fn number(call: &Call<'_>, at: usize) -> i64 {
    let argument = call.arguments.split(", ").nth(at).unwrap();
    let digits = argument.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = digits.split(')').next().unwrap();
    digits.parse().unwrap_or(-1)
}

/// The bytes of a text argument: every one is printed as `\x..`, so no comma is part of one.
fn argument(call: &Call<'_>, at: usize) -> Option<Vec<u8>> {
    let printed = call.arguments.split(", ").nth(at)?.strip_prefix('"')?;
    let printed = printed.split('"').next()?;
    let nibble = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    Some(printed.as_bytes().chunks(4).map(|byte| nibble(byte[2]) << 4 | nibble(byte[3])).collect())
}
