//! Who may ask what.
//!
//! - `key`: a key, and the hash that is kept of it.
//! - `keys`: the list of those that are known, as operators write it.
//! - `role`: what a key may do.
//! - `table`: what each call takes. A call that is not in it is denied.
//! - `guard`: compares the two, before anything else of a request is looked at.

mod guard;
mod key;
mod keys;
mod role;
mod table;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use guard::{Guard, Reach, guard};
pub use key::ApiKey;
pub use keys::{Keys, KeysError};
pub use role::Role;

/// The keys that are known to a running server; copies share them.
#[derive(Clone)]
pub struct Access(Arc<RwLock<Arc<Keys>>>);

impl Access {
    /// With these keys.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// Puts other keys in their place, for every request that begins from now on.
    pub fn replace(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// The keys as they are now.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.keys()).finish()
    }
}
