use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{RouteEntry, Routes};
use crate::route::RouteAttributes;

fn entry(number: u32) -> RouteEntry {
    let name = format!("route {number}").try_into().expect("a name");
    RouteEntry {
        name,
        attributes: RouteAttributes::default(),
        utterances: 0,
        negatives: 0,
        slot: number,
        learned: None,
    }
}

proptest! {
    /// Against the standard library's map, with copies that must not see later changes.
    #[test]
    fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..300), 0..600)) {
        let (mut routes, mut model) = (Routes::default(), BTreeMap::new());
        let mut kept: Option<(Routes, BTreeMap<String, u32>)> = None;
        for (add, number) in steps {
            let new = entry(number);
            let name = new.name.as_str().to_owned();
            match routes.get_mut(&name) {
                Some(known) if add => known.utterances += 1,
                Some(_) => {
                    prop_assert_eq!(routes.remove(&name).map(|e| e.slot), model.remove(&name));
                }
                None if add => {
                    routes.insert(new);
                    model.insert(name.clone(), number);
                }
                None => prop_assert!(routes.remove(&name).is_none()),
            }
            same(&routes, &model)?;
            let after: Vec<u32> = routes.after(&name).map(|e| e.slot).collect();
            let expected: Vec<u32> =
                model.iter().filter(|(other, _)| **other > name).map(|(_, slot)| *slot).collect();
            prop_assert_eq!(after, expected);
            if number % 50 == 0 {
                kept = Some((routes.clone(), model.clone()));
            }
        }
        if let Some((routes, model)) = kept {
            same(&routes, &model)?;
        }
    }
}

fn same(routes: &Routes, model: &BTreeMap<String, u32>) -> Result<(), TestCaseError> {
    prop_assert_eq!(routes.len(), model.len());
    let found: Vec<(&str, u32)> = routes.iter().map(|e| (e.name.as_str(), e.slot)).collect();
    let expected: Vec<(&str, u32)> = model.iter().map(|(n, s)| (n.as_str(), *s)).collect();
    prop_assert_eq!(found, expected);
    Ok(())
}
