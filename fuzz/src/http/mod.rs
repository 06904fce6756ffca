//! Requests in a row to the whole service, in process, by the way that those from a socket go.
//!
//! - `call`: requests as an input writes them.
//! - `world`: the service, and what there is in it at first.
//! - `promises`: what holds of every answer, and of what it leaves behind.

use std::cell::Cell;

use crate::MAX_INPUT_BYTES;
use call::Call;
use world::World;

mod call;
mod promises;
mod world;

thread_local! {
    /// One that is as it was at first: to make one takes as long as hundreds of calls.
    static UNTOUCHED: Cell<Option<World>> = const { Cell::new(None) };
}

/// Sends up to four requests to a service with two routes and a negative, in its first revision. They
/// are written as in HTTP/1 but for the version, and parted by a line of `%%`; the content type is JSON
/// if there is none.
///
/// # Panics
///
/// If an answer is a failure of the server; if a refusal is no problem document, says nothing, or
/// changed something; or if what was changed cannot be read again, or not be written again as it is.
pub fn http(data: &[u8]) {
    if data.len() > MAX_INPUT_BYTES {
        return;
    }
    let Some(calls) = Call::parse_all(data) else { return };
    let world = UNTOUCHED.take().unwrap_or_else(World::new);
    for call in &calls {
        promises::check(&world, call);
    }
    if world.is_untouched() {
        UNTOUCHED.set(Some(world));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cannot be sent would hold of anything.
    #[test]
    fn the_corpus_can_be_sent() {
        for entry in std::fs::read_dir(format!("{}/corpus/http", crate::FOLDER)).expect("a folder")
        {
            let path = entry.expect("a file").path();
            let input = std::fs::read(&path).expect("a file");
            assert!(Call::parse_all(&input).is_some(), "{}", path.display());
        }
    }
}
