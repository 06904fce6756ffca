//! A copy of a live database.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::lock::WriterLock;
use crate::reads::Reads;

/// Pages between two words of progress: some milliseconds of copying.
const PAGES: i32 = 2048;

impl Reads {
    /// Copies the database, with all that is committed at the beginning of the call, to a
    /// file that has no need of the source's logs. The copy appears whole under its name, or
    /// not at all; it is on disk when the call returns. Writers go on meanwhile.
    ///
    /// `progress` is called with pages done and pages in all.
    ///
    /// # Errors
    ///
    /// There is a database of that name, or the log of one, and `overwrite` is false; or it is
    /// in use; the source cannot be read or the copy not written.
    pub fn backup_to(
        &self,
        path: &Path,
        overwrite: bool,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), StoreError> {
        check_name(path)?;
        if !overwrite {
            check_free(path)?;
        }
        // Held until the copy is in place. What is written to a database that was replaced
        // under its writer's hands would be lost.
        let _unused = WriterLock::take_existing(path)?;
        check_kind(path)?;
        let failed = |source| StoreError::File { path: path.into(), source };
        let folder = folder(path);
        let copy = tempfile::Builder::new()
            .prefix(".backup-")
            .suffix(".tmp")
            .tempfile_in(&folder)
            .map_err(failed)?;
        self.copy_to(copy.path(), progress)?;
        // Made for the owner alone; whoever may read the source may read its copy.
        if let Some(permissions) = self.path.as_ref().and_then(|path| fs::metadata(path).ok()) {
            fs::set_permissions(copy.path(), permissions.permissions()).map_err(failed)?;
        }
        copy.as_file().sync_all().map_err(failed)?;
        if overwrite {
            remove_logs(path).and_then(|()| sync_folder(&folder)).map_err(failed)?;
        }
        let placed = if overwrite { copy.persist(path) } else { copy.persist_noclobber(path) };
        placed.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => StoreError::Exists { path: path.into() },
            _ => failed(error.error),
        })?;
        sync_folder(&folder).map_err(failed)
    }

    fn copy_to(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), StoreError> {
        // One state: without it a commit of a writer would make the copy begin anew.
        let _one_state = self.one_state()?;
        self.db.query_row("SELECT 1 FROM meta LIMIT 1", [], |_| Ok(()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut copy = Connection::open_with_flags(path, flags)?;
        // Nobody sees the copy before it is whole and synced.
        copy.pragma_update(None, "synchronous", "off")?;
        let backup = Backup::new(&self.db, &mut copy)?;
        loop {
            let step = backup.step(PAGES)?;
            let now = backup.progress();
            let (all, left) = (count(now.pagecount), count(now.remaining));
            progress(all.saturating_sub(left), all);
            match step {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                // A foreign program's lock; it is waited for as anywhere else.
                _ => std::thread::sleep(std::time::Duration::from_millis(5)),
            }
        }
    }
}

/// What SQLite puts beside a database and takes into account when it opens it.
const LOGS: [&str; 3] = ["-wal", "-journal", "-shm"];

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses the name of another database's log or lock.
fn check_name(path: &Path) -> Result<(), StoreError> {
    let name = path.to_string_lossy();
    if LOGS.iter().chain(&[".lock"]).any(|ending| name.ends_with(ending)) {
        return refuse(path, "so ends the name of a log or lock beside a database; choose another");
    }
    Ok(())
}

/// Refuses what is there and no plain file, such as a device or a link: a copy would take its
/// place.
fn check_kind(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => refuse(path, "it is no plain file; choose another name"),
        _ => Ok(()),
    }
}

fn refuse(path: &Path, why: &str) -> Result<(), StoreError> {
    Err(StoreError::CannotOpen { path: path.into(), source: why.to_owned().into() })
}

/// Refuses a name under which there is something. A log without its database counts: somebody
/// may still want to bring the two together, and the copy would take it for its own.
fn check_free(path: &Path) -> Result<(), StoreError> {
    let mut names = [path.to_owned(), beside(path, LOGS[0]), beside(path, LOGS[1])].into_iter();
    match names.find(|name| name.try_exists().unwrap_or(false)) {
        Some(path) => Err(StoreError::Exists { path }),
        None => Ok(()),
    }
}

/// Removes the logs of what was there: SQLite would replay them into the copy.
fn remove_logs(path: &Path) -> io::Result<()> {
    for log in LOGS {
        match fs::remove_file(beside(path, log)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn count(pages: i32) -> usize {
    usize::try_from(pages).unwrap_or_default()
}

/// Where a file lies.
pub(crate) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.into(),
        _ => PathBuf::from("."),
    }
}

/// Makes names in a folder last; only Unix needs it and has it.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
