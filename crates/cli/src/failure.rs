//! Why a command failed, and the exit code that says so.
//!
//! 0 is done (`none` is an answer), 2 wrong use, 3 failed; 1 is kept for checks that fall
//! short.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use synaptoroute::convert::ConvertError;
use synaptoroute::{FileError, Isa, IsaError, OpenError, RouterError, TextError};
use synaptoroute_server::ServeError;

/// Why a command failed; the message names the place and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("routes file {}: {source}", path.display())]
    Routes { path: PathBuf, source: FileError },
    #[error("calibration file {} is not UTF-8", path.display())]
    CalibrationText { path: PathBuf },
    #[error("text {number}: {source}")]
    Text { number: usize, source: TextError },
    #[error("no text to route: name one, or pipe one a line to standard input")]
    NoText,
    #[error(
        "{0} is reached from other machines, and no key is asked for: anyone there could change \
         the routes. Listen on 127.0.0.1, or say --insecure"
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
    Router(#[from] RouterError),
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
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error("the threads that encode or serve could not be started: {0}")]
    Runtime(io::Error),
}

impl Failure {
    /// 2 where other words on the command line, or in the files it names, would help.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Routes { .. }
            | Self::CalibrationText { .. }
            | Self::Text { .. }
            | Self::NoText
            | Self::Exposed(_)
            | Self::Isa(_) => ExitCode::from(2),
            _ => ExitCode::from(3),
        }
    }
}
