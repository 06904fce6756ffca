//! `synaptoroute key`: makes a key, and the entry by which a server knows it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use synaptoroute::NamespaceName;
use synaptoroute_server::{ApiKey, Keys};

use crate::args::KeyArgs;
use crate::failure::Failure;
use crate::output;

/// What a file of keys holds of one.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    hash: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<&'a [NamespaceName]>,
}

/// Both, for programs.
#[derive(Serialize)]
struct Made<'a> {
    key: &'a str,
    entry: Entry<'a>,
}

pub(crate) fn run(args: &KeyArgs) -> Result<(), Failure> {
    let key = ApiKey::generate().map_err(Failure::Random)?;
    let entry = Entry {
        name: &args.name,
        hash: key.hash(),
        role: args.role.name(),
        namespaces: args.namespaces.as_deref(),
    };
    // JSON is YAML too, and needs no thought about quotes.
    let line = format!("- {}\n", serde_json::to_string(&entry).map_err(Failure::Answer)?);
    if let Some(path) = &args.append {
        append(path, &line)?;
    }
    if args.output.json {
        output::json(&Made { key: key.reveal(), entry })?;
    } else {
        output::line(key.reveal())?;
    }
    match &args.append {
        Some(path) => output::note(format_args!(
            "this is the only time the key is shown; {} holds its hash. A server that reads that \
             file knows it after a SIGHUP",
            path.display()
        )),
        None if args.output.json => {}
        None => output::note(format_args!(
            "this is the only time the key is shown; the entry for the file of keys:\n{}",
            line.trim_end()
        )),
    }
    Ok(())
}

/// Writes the entry behind the others, if the whole is a list of keys then.
fn append(path: &Path, line: &str) -> Result<(), Failure> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Failure::Read { path: path.to_owned(), source }),
    };
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let added = format!("{gap}{line}");
    Keys::parse(&format!("{before}{added}"))
        .map_err(|source| Failure::KeyNotAdded { path: path.to_owned(), source })?;
    // It holds no secret, but who may write it rules the server.
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    file.and_then(|mut file| {
        file.write_all(added.as_bytes())?;
        file.sync_all()
    })
    .map_err(|source| Failure::Write { path: path.to_owned(), source })
}
