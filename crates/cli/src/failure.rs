//! Why a command failed, and the exit code that says so.
//!
//! 0 is done (`none` is an answer), 1 a check that fell short, 2 wrong use, 3 failed, 130 called off
//! by a signal.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use synaptoroute::convert::ConvertError;
use synaptoroute::python::PythonFileError;
use synaptoroute::{
    FileError, Isa, IsaError, OpenError, RouteError, RouterError, SampleError, StoreError,
    TextError,
};
use synaptoroute_server::{KeysError, ServeError, TlsError};

use crate::remote::RemoteError;
use crate::words::count;

/// Why a command failed; the message names the place and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("routes file {}: {source}", path.display())]
    Routes { path: PathBuf, source: FileError },
    #[error("samples {}: {source}", path.display())]
    Samples { path: PathBuf, source: SampleError },
    #[error(
        "{}: {source}; name a file that `synaptoroute eval --json` printed, of this version",
        path.display()
    )]
    Report { path: PathBuf, source: serde_json::Error },
    #[error(
        "{} is a routes file, which keeps no {what}: name a database with --db, or a server with \
         --url",
        path.display()
    )]
    NothingKept { path: PathBuf, what: &'static str },
    #[error(
        "say where the tuned model goes: --out FILE writes it, --install has the database or the \
         server decide by it"
    )]
    TunedForNothing,
    #[error(
        "with --url and --install the server tunes and keeps the model, and with --out this program \
         tunes: say one of the two"
    )]
    TunedInTwoPlaces,
    #[error("the server did not tune to the end, and decides as before: {reason}")]
    TuneFailed { reason: String },
    #[error(
        "the server knows nothing of this tuning any more: it was started anew, or begins another; \
         `synaptoroute model list` tells what was installed"
    )]
    TuneLost,
    #[error("called off; the server decides as before")]
    Interrupted,
    #[error("{}", short.join("; "))]
    FellShort { short: Vec<String> },
    #[error(
        "the server's model is {served}, and this is another, {here}: name the server's with --model, \
         or, if it was installed there, work with --db on a copy that `synaptoroute backup` makes"
    )]
    OtherModel { served: String, here: String },
    #[error("{}: {source}", path.display())]
    Python { path: PathBuf, source: Box<PythonFileError> },
    #[error(
        "{0} is a database of this program already: serve it with --db {0}, or copy its routes \
         with `synaptoroute export --db {0} | synaptoroute import -`",
        path.display()
    )]
    OwnDatabase { path: PathBuf },
    #[error(
        "{} does not begin as a database does: if it was one, restore it from a backup; if it is \
         a file of routes, import it into a database",
        path.display()
    )]
    NoDatabase { path: PathBuf },
    #[error("standard input is a database; name its file in place of -")]
    PipedDatabase,
    #[error("{} name different places; say one of them", named.join(" and "))]
    Places { named: Vec<&'static str> },
    #[error("the variable {name}: {why}")]
    Variable { name: &'static str, why: String },
    #[error(
        "the namespace {namespace:?} is not empty ({holds}): say --merge to add the file to it, \
         or --replace to put the file in its place"
    )]
    NotEmpty { namespace: String, holds: String },
    #[error("calibration file {} is not UTF-8", path.display())]
    CalibrationText { path: PathBuf },
    #[error("text {number}: {source}")]
    Text { number: usize, source: TextError },
    #[error("no text to route: name one, or pipe one a line to standard input")]
    NoText,
    #[error(
        "{0} is reached from other machines, and no key is asked for: anyone there could change \
         the routes. Listen on 127.0.0.1, name keys with --keys, or say --insecure"
    )]
    Exposed(SocketAddr),
    #[error(
        "cannot listen on {address}: {source}; is another program there? name another port with \
         --listen, or {} for any free one",
        SocketAddr::new(address.ip(), 0)
    )]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Isa(#[from] IsaError),
    #[error(transparent)]
    Model(#[from] OpenError),
    #[error(transparent)]
    Convert(#[from] ConvertError),
    #[error(transparent)]
    Router(RouterError),
    #[error("{}", advice(.0))]
    Store(Arc<StoreError>),
    #[error(
        "the vectors of the database were made with the model {found} ({found_fingerprint:.8}…), \
         and this is {expected} ({expected_fingerprint:.8}…): name that model with --model, or \
         leave out --model if it was installed there, or have its texts embedded anew by a command \
         that writes, without --no-reembed"
    )]
    ForeignModel {
        found: String,
        found_fingerprint: String,
        expected: String,
        expected_fingerprint: String,
    },
    #[error("{} is in use; choose another name for the copy", path.display())]
    Occupied { path: PathBuf },
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("{place}: {source}")]
    Keys { place: String, source: KeysError },
    #[error(
        "with a new entry {} would be no file of keys: {source}; mend it, or leave out --append \
         and put the entry there by hand",
        path.display()
    )]
    KeyNotAdded { path: PathBuf, source: KeysError },
    #[error(
        "{} found that are warnings or errors; mend the routes, or leave out --strict",
        count(*grave, "thing")
    )]
    Lint { grave: usize },
    #[error("the system has no random numbers: {0}")]
    Random(io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(
        "{}: there is no certificate in it; it should be PEM, with a BEGIN CERTIFICATE line",
        path.display()
    )]
    NoCertificate { path: PathBuf },
    #[error(
        "--otlp-endpoint: the address has a name or a password in it, and is written to the log; \
         leave them out, and send what the collector wants to see with --otlp-header"
    )]
    CollectorUser,
    // Without what was given: it may be a token without its name.
    #[error(
        "--otlp-header: number {number} is no header; write NAME=VALUE, such as \
         authorization=Bearer…, with commas between several and none within"
    )]
    CollectorHeader { number: usize },
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("the measured service did not answer: {0}")]
    Bench(String),
    #[error(
        "the integer peak of {isa} was not measured properly: {peak_g:.1} G multiply-adds a \
         second, and the linear layers alone reached {gemm_g:.1} G with {rows} rows. Something \
         else had the cores; run again on a quieter machine, or with more --seconds"
    )]
    Peak { isa: Isa, rows: usize, gemm_g: f64, peak_g: f64 },
    #[error("line {number} of standard input: {source}")]
    Input { number: usize, source: io::Error },
    #[error("an answer cannot be written as JSON or read: {0}")]
    Answer(serde_json::Error),
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error("the threads that encode or serve could not be started: {0}")]
    Runtime(io::Error),
}

impl From<RouterError> for Failure {
    fn from(error: RouterError) -> Self {
        match error {
            RouterError::Store(error) => Self::Store(error),
            RouterError::ForeignModel {
                found,
                found_fingerprint,
                expected,
                expected_fingerprint,
            } => Self::ForeignModel { found, found_fingerprint, expected, expected_fingerprint },
            error => Self::Router(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        RouterError::from(error).into()
    }
}

/// What went wrong with a database, and which flags help.
fn advice(error: &StoreError) -> String {
    match error {
        StoreError::InUse { path, pid } => {
            let pid = pid.map_or_else(String::new, |pid| format!(" by process {pid}"));
            format!(
                "{} is in use{pid}: if that is a server, give this command its address with \
                 --url in place of --db; a second server needs a --db of its own",
                path.display()
            )
        }
        StoreError::Missing { path } => format!(
            "there is no database at {}: name one with --db, or a running server with --url",
            path.display()
        ),
        StoreError::Exists { path } => {
            format!("{} exists already: say --overwrite, or choose another name", path.display())
        }
        error => error.to_string(),
    }
}

impl Failure {
    /// What went wrong with the samples of a file, which is named where they are at fault.
    pub(crate) fn of_samples(error: RouterError, path: Option<&Path>) -> Self {
        match (error, path) {
            (RouterError::Samples(source), Some(path)) => {
                Self::Samples { path: path.into(), source }
            }
            (other, _) => other.into(),
        }
    }

    /// 1 where a check fell short, 2 where other words on the command line, or in the files it
    /// names, would help.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if matches!(self, Self::FellShort { .. } | Self::Lint { .. }) {
            return ExitCode::from(1);
        }
        if matches!(self, Self::Interrupted) {
            return ExitCode::from(130);
        }
        let is_wrong_use = match self {
            Self::Routes { .. }
            | Self::Samples { .. }
            | Self::Report { .. }
            | Self::OtherModel { .. }
            | Self::NothingKept { .. }
            | Self::TunedForNothing
            | Self::TunedInTwoPlaces
            | Self::OwnDatabase { .. }
            | Self::NoDatabase { .. }
            | Self::Occupied { .. }
            | Self::PipedDatabase
            | Self::Places { .. }
            | Self::Variable { .. }
            | Self::NotEmpty { .. }
            | Self::CalibrationText { .. }
            | Self::Text { .. }
            | Self::Route(_)
            | Self::NoText
            | Self::Exposed(_)
            | Self::Keys { .. }
            | Self::KeyNotAdded { .. }
            | Self::NoCertificate { .. }
            | Self::CollectorUser
            | Self::CollectorHeader { .. }
            | Self::Isa(_) => true,
            Self::Router(error) => matches!(
                error,
                RouterError::UnknownNamespace { .. }
                    | RouterError::UnknownRoute { .. }
                    | RouterError::Route(_)
                    | RouterError::Samples(_)
                    | RouterError::NothingToHoldOut
                    | RouterError::Fit(_)
                    | RouterError::FileFit { .. }
                    | RouterError::Encode(_)
                    | RouterError::EncodeText { .. }
            ),
            Self::Tls(error) => !matches!(error, TlsError::Read { .. }),
            Self::Python { source, .. } => !matches!(**source, PythonFileError::Store(_)),
            Self::Store(error) => !error.is_store_failure(),
            Self::Remote(error) => error.is_callers_fault(),
            _ => false,
        };
        ExitCode::from(if is_wrong_use { 2 } else { 3 })
    }
}
