//! What a key may do.

use std::fmt;
use std::str::FromStr;

/// What a key may do; each role may also do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Ask, and look at everything.
    Read,
    /// Change routes and settings.
    Write,
    /// Make and delete namespaces, and copy the whole database.
    Admin,
}

impl Role {
    /// Its name in a file of keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = [Self::Read, Self::Write, Self::Admin].into_iter();
        known.into_iter().find(|role| role.name() == name).ok_or("a role is read, write or admin")
    }
}
