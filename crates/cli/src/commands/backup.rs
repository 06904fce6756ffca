//! `synaptoroute backup`: a whole copy of a database, also of one that is being written to.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::Serialize;
use synaptoroute::StoreError;
use synaptoroute_store::Reader;

use crate::args::BackupArgs;
use crate::failure::Failure;
use crate::file::folder;
use crate::output;
use crate::place::Place;
use crate::remote::{Remote, path};

/// What was written.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    bytes: u64,
}

pub(crate) fn run(args: &BackupArgs) -> Result<(), Failure> {
    let to = &args.file;
    match args.place.place()? {
        Place::Database(database) => copy(&database.reader()?, to, args.overwrite)?,
        Place::Server(server) => download(&server, to, args.overwrite)?,
    }
    let bytes = to.metadata().map_err(|source| Failure::Read { path: to.clone(), source })?.len();
    if args.output.json {
        return output::json(&Report { file: to, bytes });
    }
    output::line(format_args!("{}: {:.1} MB", to.display(), bytes as f64 / 1e6))
}

/// The copy appears whole or not at all, and in place of no database that is in use.
fn copy(from: &Reader, to: &Path, overwrite: bool) -> Result<(), Failure> {
    let copied = output::with_progress("pages", |progress| {
        from.backup_to(to, overwrite, &mut |done, of| progress(done, of))
    });
    copied.map_err(|error| match error {
        StoreError::InUse { path, .. } => Failure::Occupied { path },
        error => error.into(),
    })
}

/// What comes from a server is copied once more to its place: so it is seen to be a database,
/// and the same care is taken of what is there already.
fn download(server: &Remote, to: &Path, overwrite: bool) -> Result<(), Failure> {
    if !overwrite && to.try_exists().unwrap_or(false) {
        return Err(StoreError::Exists { path: to.into() }.into());
    }
    let response = server.download(&path(&["backup"]))?;
    let failed = |source| Failure::Write { path: to.into(), source };
    let beside = tempfile::Builder::new().prefix(".backup-").tempdir_in(folder(to));
    let beside = beside.map_err(failed)?;
    let sent = beside.path().join("sent.db");
    let mut file = File::create(&sent).map_err(failed)?;
    let mut body = response.into_body().into_reader();
    let mut part = vec![0; 1 << 16];
    loop {
        match body.read(&mut part) {
            Ok(0) => break,
            Ok(bytes) => file.write_all(&part[..bytes]).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(server.broken_off(error).into()),
        }
    }
    copy(&Reader::open(&sent)?, to, overwrite)
}
