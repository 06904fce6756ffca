//! Checksums, so that what a disk silently changes is noticed when it is read.
//!
//! Each text has a CRC-32 of its own. What a namespace holds now has one sum: the CRC-32s of
//! its own row and of its living ones, added up. A row that lives or dies adds or takes away its own, so the sum
//! costs a change nothing that grows with the content, and a row that is lost, altered or
//! made up shows. Rows of the past have none; SQLite's own checks are all they get.

use crc32fast::Hasher;
use synaptoroute_router::{RouteAttributes, Settings};

use crate::list::{ListKey, Row};
use crate::routes;

/// A sum of rows' CRC-32s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checksum(pub(crate) i64);

impl Checksum {
    pub(crate) const fn add(&mut self, row: u32) {
        self.0 = self.0.wrapping_add(row as i64);
    }

    pub(crate) const fn take(&mut self, row: u32) {
        self.0 = self.0.wrapping_sub(row as i64);
    }
}

/// Of a namespace's own row; the name comes as its CRC-32.
pub(crate) fn namespace(name: u32, revision: u64, oldest_kept: u64, next_id: u64) -> u32 {
    let mut bytes = [0; 29];
    bytes[0] = b'n';
    bytes[1..5].copy_from_slice(&name.to_le_bytes());
    bytes[5..13].copy_from_slice(&revision.to_le_bytes());
    bytes[13..21].copy_from_slice(&oldest_kept.to_le_bytes());
    bytes[21..].copy_from_slice(&next_id.to_le_bytes());
    crc32fast::hash(&bytes)
}

/// Of a text. The id is part of it, so that two rows which changed places are noticed.
pub(crate) fn text(id: i64, text: &[u8], vector: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&id.to_le_bytes());
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text);
    hasher.update(vector);
    hasher.finalize()
}

/// Of a text's row in a list.
pub(crate) fn row(key: ListKey, row: &Row) -> u32 {
    let mut bytes = [0; 33];
    bytes[0] = b'u';
    bytes[1..9].copy_from_slice(&key.route.to_le_bytes());
    bytes[9..17].copy_from_slice(&(key.kind as i64).to_le_bytes());
    bytes[17..25].copy_from_slice(&row.place.to_le_bytes());
    bytes[25..].copy_from_slice(&row.text.to_le_bytes());
    crc32fast::hash(&bytes)
}

/// Of a route's version.
pub(crate) fn route(id: i64, name: &str, attributes: &RouteAttributes) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(b"r");
    hasher.update(&id.to_le_bytes());
    let cuts = [attributes.threshold.map(f64::from), attributes.score_threshold.map(f64::from)];
    for cut in cuts {
        hasher.update(&[u8::from(cut.is_some())]);
        // SQLite keeps -0 as 0, which equals it; the sum of the two is 0.
        hasher.update(&(cut.unwrap_or_default() + 0.0).to_le_bytes());
    }
    let metadata = routes::metadata_json(&attributes.metadata);
    for part in [Some(name), attributes.description.as_deref(), Some(&metadata)] {
        hasher.update(&(part.map_or(u64::MAX, |part| part.len() as u64)).to_le_bytes());
        hasher.update(part.unwrap_or_default().as_bytes());
    }
    hasher.finalize()
}

/// Of settings that were set; those that never were have none.
pub(crate) fn settings(settings: &Settings) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(b"s");
    hasher.update(crate::settings::json(settings).as_bytes());
    hasher.finalize()
}
