//! What nobody should do, and what someone did.

use synaptoroute::{Durability, RoutePatch};

use crate::child::open;
use crate::support::{name, route};

#[test]
fn a_cut_of_minus_zero_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    router.upsert(route("a", &["hello"]), None).unwrap();
    let mut patch = RoutePatch::default();
    patch.threshold = Some(Some((-0.0).try_into().unwrap()));
    patch.score_threshold = Some(Some((-0.0).try_into().unwrap()));
    router.patch(&name("a"), patch, None).unwrap();
    let before = router.export();
    drop(router);
    assert_eq!(open(&path, Durability::Relaxed).export(), before);
    assert_eq!(before.1.routes[0].score_threshold.map(f64::from), Some(0.0));
}
