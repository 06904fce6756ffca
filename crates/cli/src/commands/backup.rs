//! `synaptoroute backup`: a whole copy of a database, also of one that is being written to.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use synaptoroute::StoreError;

use crate::args::BackupArgs;
use crate::failure::Failure;
use crate::file::Unfinished;
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
        Place::Database(database) => {
            let reader = database.reader()?;
            output::with_progress("pages", |progress| {
                reader.backup_to(to, args.overwrite, &mut |done, of| progress(done, of))
            })?;
        }
        Place::Server(server) => download(&server, to, args.overwrite)?,
    }
    let bytes = to.metadata().map_err(|source| Failure::Read { path: to.clone(), source })?.len();
    if args.output.json {
        return output::json(&Report { file: to, bytes });
    }
    output::line(format_args!("{}: {:.1} MB", to.display(), bytes as f64 / 1e6))
}

/// The server's copy, which appears whole or not at all.
fn download(server: &Remote, to: &Path, overwrite: bool) -> Result<(), Failure> {
    let exists = || Failure::from(StoreError::Exists { path: to.into() });
    if !overwrite && to.try_exists().unwrap_or(false) {
        return Err(exists());
    }
    let response = server.download(&path(&["backup"]))?;
    let mut copy = Unfinished::new(to)?;
    let mut body = response.into_body().into_reader();
    let mut part = vec![0; 1 << 16];
    loop {
        match body.read(&mut part) {
            Ok(0) => break,
            Ok(bytes) => copy.write(&part[..bytes])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(server.broken_off(error).into()),
        }
    }
    copy.finish(overwrite).map_err(|failure| match failure {
        Failure::Write { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            exists()
        }
        failure => failure,
    })
}
