//! What can go wrong with a store, and whose fault it is.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use synaptoroute_router::{Owner, Revision};

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No namespace has this name.
    #[error("no namespace is called {name:?}; create it first")]
    UnknownNamespace {
        /// What was asked for.
        name: String,
    },
    /// `default` always exists.
    #[error("the namespace \"default\" cannot be deleted; delete its routes instead")]
    DefaultNamespace,
    /// No route has this name.
    #[error("no route is called {name:?}; add it first")]
    UnknownRoute {
        /// What was asked for.
        name: String,
    },
    /// A text that was to be removed is not there.
    #[error("text {position}, {text:?}, is not among {owner}; read them again")]
    UnknownText {
        /// Whose texts, in words.
        owner: String,
        /// The text.
        text: String,
        /// Its index in the list that was given, from 0.
        position: usize,
    },
    /// A route needs an utterance.
    #[error("route {route:?} would have no utterances left; delete the route instead")]
    LastUtterance {
        /// The route's name.
        route: String,
    },
    /// The content moved on since the caller looked.
    #[error("the content is at revision {found}, not {expected}; read it again and retry")]
    RevisionMismatch {
        /// What the caller expected.
        expected: Revision,
        /// What is there.
        found: Revision,
    },
    /// The revision is no longer kept.
    #[error("revision {revision} is no longer kept; the oldest that is kept is {oldest}")]
    RevisionGone {
        /// What was asked for.
        revision: Revision,
        /// The oldest that can be had.
        oldest: Revision,
    },
    /// The revision was never made.
    #[error("there is no revision {revision}; the current one is {current}")]
    RevisionUnknown {
        /// What was asked for.
        revision: Revision,
        /// The newest there is.
        current: Revision,
    },
    /// No such fit is kept.
    #[error("fit {number} is not kept; list the fits to see which are")]
    UnknownFit {
        /// What was asked for.
        number: u64,
    },
    /// No such model was ever used here, or it was removed.
    #[error("there is no model {number} in the database; list the models to see which there are")]
    UnknownModel {
        /// What was asked for.
        number: u64,
    },
    /// The model was used, but its file lies elsewhere.
    #[error(
        "the file of model {number}, {name}, is not in the database: it was named with --model; name \
         it so again to go back to it"
    )]
    ModelElsewhere {
        /// What was asked for.
        number: u64,
        /// What people call it.
        name: String,
    },
    /// The model that made the file's vectors is to go.
    #[error("model {number} is in use; use another before you remove it")]
    ModelInUse {
        /// What was asked for.
        number: u64,
    },
    /// Vectors, or a fit, are of a model that is not in use any more.
    #[error("the model was replaced meanwhile; try again")]
    ModelReplaced,
    /// A text is new to the file, and came without a vector.
    #[error("the new text {text:?} came without a vector; embed it first")]
    MissingVector {
        /// The text.
        text: String,
    },
    /// A vector is not as wide as those of the file's model.
    #[error("a vector has {found} numbers; the file's model makes {expected}")]
    VectorWidth {
        /// The dimensions of the file's model.
        expected: usize,
        /// The vector's.
        found: usize,
    },
    /// A change of a kind that this version cannot make.
    #[error("this version of the store cannot make such a change; update it")]
    UnknownChange,
    /// There is something where the copy should go.
    #[error("{} exists already; choose another name, or ask to overwrite it", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },

    /// Another process, or another store of this one, writes to the file.
    #[error(
        "{} is in use{}; stop that program or choose another file", path.display(),
        pid.map_or_else(String::new, |pid| format!(" by process {pid}"))
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// Who holds it, where that could be read.
        pid: Option<u32>,
    },
    /// A foreign program keeps the file locked.
    #[error("another program keeps the database locked; close it there, then try again")]
    Busy {
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// There is no room.
    #[error("the disk is full; make room, then try again: nothing was changed")]
    DiskFull {
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file, its folder or its disk takes no writes.
    #[error("the database is read-only; allow writing to the file and its folder")]
    ReadOnly,
    /// What is stored is not what was written.
    #[error("the database is damaged ({what}); restore it from a backup")]
    Damaged {
        /// What shows it.
        what: String,
    },
    /// The file, or its log, is not what it was when it was opened.
    #[error(
        "{} was {what} while it was in use, so that nothing more can be written: \
         export the content, then start again", path.display()
    )]
    Displaced {
        /// Which file.
        path: PathBuf,
        /// What became of it.
        what: &'static str,
    },
    /// There is no such file, and reading does not make one.
    #[error("there is no database at {}; check the path", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("{} cannot be opened; check that it is a file you may use: {source}", path.display())]
    CannotOpen {
        /// Where.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version of this program made the file.
    #[error("the database has schema {found}; this program knows up to {known}: update it")]
    TooNew {
        /// The file's schema.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// There is a file, and nothing in it.
    #[error(
        "{} is empty; if it is a copy, the log beside the original was left out: copy with \
         `synaptoroute backup`", path.display()
    )]
    Empty {
        /// Where.
        path: PathBuf,
    },
    /// An earlier version made the file, and a reader does not change it.
    #[error("the database has the old schema {found}; open it for writing once to update it")]
    TooOld {
        /// The file's schema.
        found: i64,
    },
    /// A writer put another model's vectors into the file while it was open for reading.
    #[error("the database was re-embedded with another model; open it again")]
    ModelChanged,
    /// The file is another program's.
    #[error("{} is a database of another program; choose another file", path.display())]
    NotOurs {
        /// Where.
        path: PathBuf,
        /// What it says it is, as SQLite's `application_id`; 0 if it says nothing.
        application_id: i32,
    },
    /// A call failed earlier in this transaction, so nothing of it is kept.
    #[error("an earlier change of this transaction failed; begin another")]
    Void,
    /// A file operation failed.
    #[error("{} cannot be used; check the disk and permissions: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else that reading or writing the database met.
    #[error("the database cannot be read or written; check its disk: {source}")]
    Io {
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the store failed, and not the request: then the transaction is void, and
    /// asking again does not help until somebody has seen to the disk.
    #[must_use]
    pub const fn is_store_failure(&self) -> bool {
        match self {
            Self::UnknownNamespace { .. }
            | Self::DefaultNamespace
            | Self::UnknownRoute { .. }
            | Self::UnknownText { .. }
            | Self::LastUtterance { .. }
            | Self::RevisionMismatch { .. }
            | Self::RevisionGone { .. }
            | Self::UnknownFit { .. }
            | Self::UnknownModel { .. }
            | Self::ModelElsewhere { .. }
            | Self::ModelInUse { .. }
            | Self::ModelReplaced
            | Self::RevisionUnknown { .. }
            | Self::MissingVector { .. }
            | Self::VectorWidth { .. }
            | Self::UnknownChange
            | Self::Exists { .. } => false,
            Self::InUse { .. }
            | Self::Busy { .. }
            | Self::DiskFull { .. }
            | Self::ReadOnly
            | Self::Damaged { .. }
            | Self::Displaced { .. }
            | Self::Missing { .. }
            | Self::CannotOpen { .. }
            | Self::TooNew { .. }
            | Self::Empty { .. }
            | Self::TooOld { .. }
            | Self::ModelChanged
            | Self::NotOurs { .. }
            | Self::Void
            | Self::File { .. }
            | Self::Io { .. } => true,
        }
    }

    /// A fit that the store gave back cannot be read.
    #[must_use]
    pub fn unreadable_fit(what: impl Into<String>) -> Self {
        Self::damaged(what)
    }

    /// A model file that the store gave back is not what it was.
    #[must_use]
    pub fn damaged_model(fingerprint: &str, what: &str) -> Self {
        Self::damaged(format!("the model file {fingerprint}: {what}"))
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    pub(crate) fn unknown_text(owner: &Owner, text: &str, position: usize) -> Self {
        let owner = match owner {
            Owner::Utterances(route) => format!("the utterances of route {:?}", route.as_str()),
            Owner::Negatives(route) => format!("the negatives of route {:?}", route.as_str()),
            Owner::Namespace => "the namespace's negatives".to_owned(),
        };
        Self::UnknownText { owner, text: text.to_owned(), position }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        // A value of a wrong type or a missing row is not what was written either.
        let damaged = matches!(
            source,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::QueryReturnedNoRows
                | rusqlite::Error::Utf8Error(..)
        );
        match source.sqlite_error_code() {
            _ if damaged => Self::damaged(source.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::damaged(source.to_string())
            }
            // The indexes and the tables contradict each other, or a text is gone that is
            // still in use: no request can bring that about.
            Some(ErrorCode::ConstraintViolation) => Self::damaged(source.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { source },
            Some(ErrorCode::DiskFull) => Self::DiskFull { source },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            _ => Self::Io { source },
        }
    }
}
