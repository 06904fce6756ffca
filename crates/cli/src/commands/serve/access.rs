//! Who may ask: what the flags and the environment say, and keys that are read again.

use std::env;
use std::fs;
use std::path::PathBuf;

use synaptoroute_server::{Access, HostName, Keys, Limits, Tls};
use tokio::signal::unix::Signal;

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::output;
use crate::words::count;

/// Keys as they are, in a file's form.
const INLINE: &str = "SYNAPTOROUTE_KEYS";

/// Files that a server has open beside its connections: database, log, model, listener.
const OTHER_FILES: u64 = 128;

/// Who may ask, and over what.
pub(super) struct Entrance {
    pub(super) access: Option<Access>,
    pub(super) tls: Option<Tls>,
    pub(super) limits: Limits,
    /// The names to be asked by; any, where none are listed.
    pub(super) hosts: Option<Vec<HostName>>,
}

/// What the flags say of it; refuses to be open to all the world by oversight.
pub(super) fn open(args: &ServeArgs) -> Result<Entrance, Failure> {
    let keys = keys(args.access.keys.as_ref())?;
    let exposed = !args.listen.ip().is_loopback();
    if exposed && keys.is_none() && !args.insecure {
        return Err(Failure::Exposed(args.listen));
    }
    let tls = match (&args.access.tls_cert, &args.access.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::open(certificate, key)?),
        _ => None,
    };
    if exposed && keys.is_some() && tls.is_none() {
        output::note(format_args!(
            "warning: keys are sent to {} in the clear; name a certificate with --tls-cert and \
             --tls-key, or put a proxy before the server that has one",
            args.listen
        ));
    }
    let limits = with_files_for(args.access.limits());
    let names = &args.access.allow_host;
    // A key is what no page has; without one, names are what tells a page from a caller.
    let by_name = (keys.is_none() && !args.insecure) || !names.is_empty();
    let hosts = by_name.then(|| names.clone());
    Ok(Entrance { access: keys.map(Access::new), tls, limits, hosts })
}

/// Raises the limit of open files to what the connections need, or else lowers their number:
/// who is refused is better off than who is never taken.
fn with_files_for(mut limits: Limits) -> Limits {
    let wanted = (limits.max_connections as u64).saturating_add(OTHER_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(files) if files < wanted => {
            let possible = files.saturating_sub(OTHER_FILES).max(1);
            limits.max_connections = usize::try_from(possible).unwrap_or(usize::MAX);
            output::note(format_args!(
                "warning: the system allows this process {files} open files, so it takes \
                 {possible} connections at a time; raise the limit (ulimit -Hn, LimitNOFILE) or \
                 lower --max-connections"
            ));
        }
        Ok(_) => {}
        Err(error) => output::note(format_args!(
            "warning: the limit of open files cannot be raised ({error}); connections beyond it \
             wait"
        )),
    }
    limits
}

/// Those of the file and those of the environment; none if neither is named.
fn keys(path: Option<&PathBuf>) -> Result<Option<Keys>, Failure> {
    let from_file = path
        .map(|path| {
            let text = fs::read_to_string(path)
                .map_err(|source| Failure::Read { path: path.clone(), source })?;
            Keys::parse(&text).map_err(|source| Failure::Keys { place: named(path), source })
        })
        .transpose()?;
    let inline = |source| Failure::Keys { place: format!("the variable {INLINE}"), source };
    let Some(text) = env::var_os(INLINE).filter(|text| !text.is_empty()) else {
        return Ok(from_file);
    };
    let more = Keys::parse(&text.to_string_lossy()).map_err(inline)?;
    let all = match from_file {
        Some(keys) => keys.and(more).map_err(inline)?,
        None => more,
    };
    Ok(Some(all))
}

fn named(path: &std::path::Path) -> String {
    format!("the file of keys {}", path.display())
}

/// Reads the keys again whenever somebody says so, for as long as it is polled. A list that is
/// wrong changes nothing.
pub(super) async fn keep_up(access: Access, path: PathBuf, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match keys(Some(&path)) {
            Ok(Some(keys)) => {
                let known = count(keys.len(), "key");
                access.replace(keys);
                output::note(format_args!("{} was read again: {known}", path.display()));
            }
            // Not to be had while there is a path.
            Ok(None) => {}
            Err(failure) => output::note(format_args!(
                "synaptoroute: {failure}; nothing is changed, and the keys that were known hold"
            )),
        }
    }
}
