//! The order of texts that does not depend on how they came: by hash.
//!
//! Fits deal utterances to folds in it, and cross-validations too: what is learned and what is
//! measured is the same to the bit in whatever order texts were added. By hash and not by
//! letters, for texts that begin alike often mean alike, and folds are to have some of each.

use sha2::{Digest as _, Sha256};

/// 64 bits of a text's SHA-256.
pub(crate) fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text);
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}

/// Whatever has a text, by its hash, which comes along; of equal hashes by the text.
pub fn by_hash<T>(items: impl IntoIterator<Item = T>, text: impl Fn(&T) -> &str) -> Vec<(u64, T)> {
    let mut hashed: Vec<(u64, T)> =
        items.into_iter().map(|item| (hash(text(&item)), item)).collect();
    hashed.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| text(x).cmp(text(y))));
    hashed
}
