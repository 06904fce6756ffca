//! What a change does to a snapshot: edits, in terms of texts that have a place and a vector.
//!
//! The store turns a [`Change`](crate::Change) into edits while it makes it durable; opening
//! a file gives edits too. So memory is built from what the disk holds, by one path.

use std::sync::Arc;

use crate::name::RouteName;
use crate::route::RouteAttributes;
use crate::settings::Settings;
use crate::text::Text;

/// Where a text stands among its namespace's: an owner's texts are in the order of their
/// places, and no two texts that live at one time share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

impl Place {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for Place {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// Whose texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A route's utterances.
    Utterances(RouteName),
    /// A route's negatives.
    Negatives(RouteName),
    /// The namespace's negatives.
    Namespace,
}

impl Owner {
    /// The route, where it is one.
    #[must_use]
    pub fn route(&self) -> Option<&RouteName> {
        match self {
            Self::Utterances(name) | Self::Negatives(name) => Some(name),
            Self::Namespace => None,
        }
    }
}

/// A text with its place and its unit vector.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedText {
    /// Its place.
    pub place: Place,
    /// The text.
    pub text: Text,
    /// Its vector, as wide as the model's are.
    pub vector: Arc<[f32]>,
}

/// One step from a snapshot to the next.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds a route, as yet without texts, or changes all but the texts of one that is there.
    PutRoute(RouteName, RouteAttributes),
    /// Removes a route and its texts.
    RemoveRoute(RouteName),
    /// Adds texts; their route is there.
    Add(Owner, Vec<PlacedText>),
    /// Removes the texts at these places; they are there.
    Remove(Owner, Vec<Place>),
    /// Puts these settings in place of the old.
    Settings(Settings),
}

impl Edit {
    /// Whether it takes texts away.
    #[must_use]
    pub fn removes(&self) -> bool {
        matches!(self, Self::Remove(..) | Self::RemoveRoute(_))
    }
}
