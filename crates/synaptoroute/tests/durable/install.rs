//! A process that changes its model is killed, or finds no room: the file is whole, and its model is
//! the old one or the new one with all of its vectors.

use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use synaptoroute::{
    FileFormat, InstallStage, Kernels, ModelFile, Models, OpenOptions, Owner, RouteOptions, Router,
    RouterError, RoutesFile, StoreError, TuneOptions, TuneRequest,
};

use crate::child::{Task, say};
use crate::settle::assert_sound;
use crate::support::{Dice, from_env};
use crate::trouble::full::{Room, on_a_small_disk};

const ONE: NonZero<usize> = NonZero::<usize>::MIN;

/// Kills, unless `SYNAPTOROUTE_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 6;

/// Room for two models and their logs, and hardly more.
const SMALL_DISK_MB: &str = "160";

fn model_file() -> ModelFile {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/bge-small-en-v1.5/model.safetensors");
    ModelFile::open(path).unwrap()
}

fn open(path: &Path) -> Router {
    let models = Models::new(model_file(), Kernels::from_env().unwrap());
    let unasked = |_, _| panic!("nothing is embedded anew");
    Router::open_with(Arc::new(models), path, OpenOptions::default(), &unasked).unwrap()
}

/// A database with routes and two models; the tuned one is in use.
fn make(path: &Path) {
    let router = open(path);
    let routes = include_str!("../../../../examples/support.yaml");
    router.load(RoutesFile::parse(routes, FileFormat::Yaml).unwrap(), &|_, _| ()).unwrap();
    let model = model_file();
    let options = TuneOptions { steps: 1, layers: Some(1), rate: 1e-3, ..TuneOptions::default() };
    let request = TuneRequest { options, ..TuneRequest::new(&model, ONE) };
    let tuned = router.tune(&request, &mut |_| true).unwrap();
    router.install(&tuned, ONE, &mut |_| true).unwrap();
}

/// The number of the model in use; every utterance lies where that model puts it.
fn settled(path: &Path) -> u64 {
    let router = open(path);
    for route in router.snapshot().routes() {
        for text in router.snapshot().texts(&Owner::Utterances(route.name.clone())) {
            let decision = router.route(&text, RouteOptions::default()).unwrap().decision;
            let nearest = &decision.candidates[0].nearest[0];
            assert_eq!(nearest.utterance, text);
            assert!(nearest.similarity > 0.999_99, "{text}: {}", nearest.similarity);
        }
    }
    let models = router.models().unwrap();
    assert_eq!(models.len(), 2);
    models.iter().find(|model| model.in_use).unwrap().number
}

#[test]
fn a_process_killed_while_it_changes_its_model_leaves_one_or_the_other() {
    let rounds = from_env("SYNAPTOROUTE_KILL_ROUNDS", ROUNDS);
    let mut dice = Dice::new(from_env("SYNAPTOROUTE_SEED", 1));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    make(&path);
    let mut found = [0; 2];
    for _ in 0..rounds {
        let mut child = Task::new("change the model", &path, 0).command().spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // Beyond this it is at the transaction, or in the midst of the next.
        while !line.contains("store") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended: {:?}", child.wait());
        }
        thread::sleep(Duration::from_micros(dice.below(400_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        found[settled(&path) as usize - 1] += 1;
        assert_sound(&path);
    }
    println!("{rounds} kills: {} times the first model, {} times the tuned", found[0], found[1]);
}

/// Changes it, to and fro, until it is killed.
pub(crate) fn change(path: &Path) {
    let router = open(path);
    for number in [1, 2].into_iter().cycle() {
        let mut tell = |progress: synaptoroute::InstallProgress| {
            if progress.stage == InstallStage::Store {
                say("store");
            }
            true
        };
        router.use_model(number, ONE, &mut tell).unwrap();
    }
}

#[test]
fn a_full_disk_leaves_the_old_model() {
    on_a_small_disk("change the model on a full disk", SMALL_DISK_MB);
}

/// No room for the vectors, told before any work; and none at the last moment.
pub(crate) fn change_on_a_full_disk(path: &Path) {
    make(path);
    let router = open(path);
    let (room, mut asked) = (Room::disk(path), 0);
    let full = |error: RouterError| {
        let RouterError::Store(cause) = &error else { panic!("{error}") };
        assert!(matches!(**cause, StoreError::DiskFull { .. }), "{error}");
    };
    full(
        router
            .use_model(1, ONE, &mut |progress| {
                if progress.stage == InstallStage::Store {
                    room.take();
                }
                true
            })
            .unwrap_err(),
    );
    full(
        router
            .use_model(1, ONE, &mut |_| {
                asked += 1;
                true
            })
            .unwrap_err(),
    );
    assert_eq!(asked, 0, "it is said before anything is done");
    room.give_back();
    drop(router);
    assert_eq!(settled(path), 2);
    assert_sound(path);
    open(path).use_model(1, ONE, &mut |_| true).unwrap();
    assert_eq!(settled(path), 1);
    say("all was well");
}
