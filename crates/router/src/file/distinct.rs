//! A list of routes, no two of one name.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::name::RouteName;
use crate::route::{ROUTE, Route};

/// What has a route's name.
pub(super) trait Named {
    fn name(&self) -> &RouteName;
}

impl Named for Route {
    fn name(&self) -> &RouteName {
        &self.name
    }
}

/// Reads routes one by one, so that an error about the second of a name stands at its line.
pub(super) fn distinct_routes<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: Named + Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_seq(Routes(PhantomData))
}

struct Routes<T>(PhantomData<T>);

impl<'de, T: Named + Deserialize<'de>> Visitor<'de> for Routes<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of routes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut routes: Vec<T> = Vec::new();
        let mut names: HashSet<RouteName> = HashSet::new();
        while let Some(route) = seq.next_element_seed(New { names: &names, route: PhantomData })? {
            names.insert(T::name(&route).clone());
            routes.push(route);
        }
        Ok(routes)
    }
}

/// Checks while the reader stands at the route.
struct New<'a, T> {
    names: &'a HashSet<RouteName>,
    route: PhantomData<T>,
}

impl<'de, T: Named + Deserialize<'de>> DeserializeSeed<'de> for New<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Named + Deserialize<'de>> Visitor<'de> for New<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ROUTE)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let route = T::deserialize(MapAccessDeserializer::new(map))?;
        if self.names.contains(route.name()) {
            return Err(A::Error::custom(format_args!(
                "two routes are called {:?}; join them or rename one",
                route.name().as_str()
            )));
        }
        Ok(route)
    }
}
