use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use synaptoroute::{Durability, Owner, Router, StoreError, Text};

use super::{add, assert_holds, begin};
use crate::child::{open, options};
use crate::support::{Signs, name, text};

const PAGE: usize = 4096;

fn try_to_open(path: &std::path::Path) -> Result<Router, synaptoroute::RouterError> {
    Router::open(Signs::encoder(), path, options(Durability::Relaxed), &|_, _| ())
}

#[test]
fn whichever_page_is_damaged_the_content_is_right_or_the_file_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    let mut confirmed = begin(&router);
    for number in 0..150 {
        let said = text(&format!("text{number} {}", "more ".repeat(10)));
        add(&router, &said).unwrap();
        confirmed.push(said);
    }
    // Some of it is history, and some pages are free.
    let gone = confirmed.split_off(120);
    router.remove_texts(Owner::Utterances(name("all")), gone, None).unwrap();
    let before = router.export();
    drop(router);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut unharmed) = (0, 0);
    for page in 0..whole.len() / PAGE {
        for (first, len) in [(100, 1), (0, 512), (2048, 64), (PAGE - 300, 300), (0, PAGE)] {
            let mut damaged = whole.clone();
            let start = page * PAGE + first;
            damaged[start..start + len].iter_mut().for_each(|byte| *byte ^= 0x5a);
            fs::write(&path, damaged).unwrap();
            match try_to_open(&path) {
                // What is damaged is history, or is read by nobody.
                Ok(router) => {
                    assert_eq!(router.export(), before, "page {page} from {first}");
                    unharmed += 1;
                }
                Err(error) => {
                    assert!(error.is_store_failure(), "{error}");
                    let said = error.to_string();
                    let clear = ["damaged", "another program", "schema", "cannot be opened"];
                    assert!(clear.iter().any(|word| said.contains(word)), "page {page}: {said}");
                    refused += 1;
                }
            }
            for log in ["db-wal", "db-shm"] {
                let _ = fs::remove_file(path.with_extension(log));
            }
        }
    }
    println!("damage: {refused} times refused, {unharmed} times of no consequence");
    assert!(refused > 40 && unharmed > 0, "{refused} and {unharmed}");
    fs::write(&path, &whole).unwrap();
    assert_eq!(try_to_open(&path).unwrap().export(), before);
}

#[test]
fn damage_under_a_running_router_is_told_and_decisions_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    let mut confirmed = begin(&router);
    // More than SQLite keeps in memory, so that pages have to be read again.
    let long: Vec<Text> =
        (0..6000).map(|i| text(&format!("text{i} {}", "and so on ".repeat(100)))).collect();
    router.add_utterances(&name("all"), long.clone(), None).unwrap();
    confirmed.extend(long);
    drop(router);
    let router = open(&path, Durability::Relaxed);
    let whole = fs::read(&path).unwrap();
    // All but what says that it is a database.
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all_at(&vec![0x5a; whole.len() - PAGE], PAGE as u64)
        .unwrap();
    let error = add(&router, &text("in vain")).unwrap_err();
    let synaptoroute::RouterError::Store(cause) = &error else { panic!("{error}") };
    assert!(matches!(**cause, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
    assert!(router.store_trouble().unwrap().contains("damaged"));
    assert_holds(&router, &confirmed);
    // A copy of such a file would be worth nothing, and is none.
    let copy = folder.path().join("copy.db");
    if router.backup(&copy, false, &|_, _| ()).is_ok() {
        assert!(try_to_open(&copy).is_err());
    }
    drop(router);
    assert!(try_to_open(&path).unwrap_err().to_string().contains("damaged"));

    fs::write(&path, whole).unwrap();
    for log in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(path.with_extension(log));
    }
    let router = open(&path, Durability::Relaxed);
    assert_holds(&router, &confirmed);
    add(&router, &text("again")).unwrap();
}
