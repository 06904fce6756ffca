//! Which texts there are, as one number that follows each change.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::edit::Owner;
use crate::text::Text;

/// The sum of a hash of each text with its owner: the same texts, the same digest, in whatever
/// order they came. Places and vectors do not count; shown as 32 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextsDigest(u128);

impl TextsDigest {
    pub(crate) fn add(&mut self, owner: &Owner, text: &Text) {
        self.0 = self.0.wrapping_add(hash(owner, text));
    }

    pub(crate) fn take(&mut self, owner: &Owner, text: &Text) {
        self.0 = self.0.wrapping_sub(hash(owner, text));
    }
}

fn hash(owner: &Owner, text: &Text) -> u128 {
    let kind: &[u8] = match owner {
        Owner::Utterances(_) => b"u",
        Owner::Negatives(_) => b"n",
        Owner::Namespace => b"s",
    };
    let name = owner.route().map_or("", |name| name.as_str());
    let mut digest = Sha256::new();
    digest.update(kind);
    digest.update((name.len() as u64).to_le_bytes());
    digest.update(name);
    digest.update(text.as_str());
    let digest = digest.finalize();
    u128::from_be_bytes(digest[..16].try_into().expect("a digest has 32 bytes"))
}

impl fmt::Display for TextsDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for TextsDigest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}
