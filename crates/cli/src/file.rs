//! Files of routes and of samples: read whole or not at all, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use synaptoroute::{FileFormat, Report, RoutesFile, SampleFormat, Samples, python};
use synaptoroute_store::{Reader, try_room};

use crate::failure::Failure;

/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// The name of standard input.
const STDIN: &str = "-";

/// Reads a routes file.
pub(crate) fn read_routes(path: &Path) -> Result<RoutesFile, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.into(), source })?;
    RoutesFile::parse_bytes(&bytes, FileFormat::of(path))
        .map_err(|source| Failure::Routes { path: path.into(), source })
}

/// Reads labelled samples.
pub(crate) fn read_samples(path: &Path) -> Result<Samples, Failure> {
    let failed = |source| Failure::Read { path: path.into(), source };
    let refused = |source| Failure::Samples { path: path.into(), source };
    if path != Path::new(STDIN) {
        let bytes = fs::read(path).map_err(failed)?;
        return Samples::parse_bytes(&bytes, SampleFormat::of(path)).map_err(refused);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(failed)?;
    // What has no name tells by itself.
    let format = SampleFormat::of_text(&String::from_utf8_lossy(&bytes));
    Samples::parse_bytes(&bytes, format).map_err(refused)
}

/// Reads a report that was printed as JSON; what was printed behind it is nobody's concern.
pub(crate) fn read_report(path: &Path) -> Result<Report, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.into(), source })?;
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    Report::deserialize(&mut json).map_err(|source| Failure::Report { path: path.into(), source })
}

/// Reads a file of any program whose routes can be taken, and what of it was not, a sentence
/// each.
pub(crate) fn read_any(path: &Path) -> Result<(RoutesFile, Vec<String>), Failure> {
    let failed = |source| Failure::Read { path: path.into(), source };
    let piped = path == Path::new(STDIN);
    if piped {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        return read_text(path, &bytes);
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    (&mut file).take(SQLITE.len() as u64).read_to_end(&mut bytes).map_err(failed)?;
    if bytes == SQLITE {
        return read_database(path);
    }
    file.read_to_end(&mut bytes).map_err(failed)?;
    read_text(path, &bytes)
}

fn read_text(path: &Path, bytes: &[u8]) -> Result<(RoutesFile, Vec<String>), Failure> {
    if bytes.starts_with(SQLITE) {
        return Err(Failure::PipedDatabase);
    }
    // What has no name tells by itself: JSON's escapes are not all YAML's.
    let is_json = || serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
    let format = match path == Path::new(STDIN) {
        true if is_json() => FileFormat::Json,
        _ => FileFormat::of(path),
    };
    let imported = RoutesFile::import_bytes(bytes, format)
        .map_err(|source| Failure::Routes { path: path.into(), source })?;
    Ok((imported.file, imported.notes))
}

fn read_database(path: &Path) -> Result<(RoutesFile, Vec<String>), Failure> {
    if !python::is_python_file(path) && Reader::open(path).is_ok() {
        return Err(Failure::OwnDatabase { path: path.into() });
    }
    let file = python::read(path)
        .map_err(|source| Failure::Python { path: path.into(), source: Box::new(source) })?;
    Ok((file, Vec::new()))
}

/// Whether a file is surely no database: it is not empty, as one that was never written to
/// is, and does not begin as one. A file that cannot be read may be anything.
pub(crate) fn is_no_database(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|f| f.take(SQLITE.len() as u64).read_to_end(&mut bytes));
    read.is_ok() && !bytes.is_empty() && bytes != SQLITE
}

/// Makes sure that so many bytes can be written there: better before the work than after.
pub(crate) fn reserve(path: &Path, bytes: usize) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Ok(());
        }
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        try_room(folder(path), bytes as u64)
    };
    write().map_err(|source| Failure::Write { path: path.into(), source })
}

/// Writes beside the target and moves it there: a reader sees the old file or the new one. A
/// link stays, and leads to the new file. What is no plain file, such as `/dev/stdout`, is
/// written to as it is.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let there = fs::metadata(path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return File::options().write(true).open(path)?.write_all(bytes);
        }
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // A temporary file is its owner's alone; this is anyone's, as the umask says, or as
        // the one before was.
        let anyone = fs::Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().permissions(anyone).tempfile_in(folder(path))?;
        if let Some(there) = there {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| Failure::Write { path: path.into(), source })
}

/// Where a file lies.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
