//! A process that writes is killed, again and again on one file, and nothing that it had
//! acknowledged is missing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use std::time::Duration;

use synaptoroute::Durability;

use crate::child::{Task, open};
use crate::settle::{World, assert_sound};
use crate::support::{Dice, from_env};
use crate::writers::Line;

/// Rounds, unless `SYNAPTOROUTE_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 20;

/// After so many rounds a new file is begun: a log of thousands of revisions is slow to go
/// through, and the making of a file is worth being killed in as well.
const ROUNDS_A_FILE: u64 = 10;

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    let rounds = from_env("SYNAPTOROUTE_KILL_ROUNDS", ROUNDS);
    let mut dice = Dice::new(from_env("SYNAPTOROUTE_SEED", 1));
    let mut folder = tempfile::tempdir().unwrap();
    let mut world = World::new(u64::MAX);
    let (mut acknowledged, mut in_flight, mut unopened) = (0, 0, 0);
    for round in 0..rounds {
        if round % ROUNDS_A_FILE == 0 {
            folder = tempfile::tempdir().unwrap();
            world = World::new(u64::MAX);
        }
        let path = folder.path().join("routes.db");
        let seed = dice.roll();
        let said = run_and_kill(&path, seed, &mut dice);
        let lines: Vec<Line> = said.iter().filter_map(|line| line.parse().ok()).collect();
        let tried = lines.iter().filter(|line| matches!(line, Line::Try { .. })).count();
        acknowledged += lines.iter().filter(|line| matches!(line, Line::Done { .. })).count();
        in_flight += 2 * tried - lines.len();
        unopened += u64::from(!said.iter().any(|line| line == "opened"));
        let router = open(&path, Durability::Full);
        world.settle(&router, &lines).unwrap_or_else(|fault| panic!("round {round}: {fault:?}"));
        drop(router);
        assert_sound(&path);
    }
    println!(
        "{rounds} kills: {acknowledged} acknowledged changes, 0 lost; \
         {in_flight} were in flight, {unopened} kills came before the file was open"
    );
    assert!(acknowledged as u64 > rounds, "too few to mean anything");
}

/// What the process had said when it was killed.
fn run_and_kill(path: &Path, seed: u64, dice: &mut Dice) -> Vec<String> {
    let mut child = Task::new("write", path, seed).command().spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    let mut next = |said: &mut Vec<String>| {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        // Without its end it was not said.
        let whole = line.ends_with('\n');
        if whole {
            said.push(line.trim_end().to_owned());
        }
        whole
    };
    if dice.one_in(4) {
        // While it starts, or makes the file, or soon after.
        thread::sleep(Duration::from_micros(dice.below(40_000)));
    } else {
        let lines = dice.below(300);
        while (said.len() as u64) < lines {
            assert!(next(&mut said), "the process ended by itself: {:?}", child.wait());
        }
        thread::sleep(Duration::from_micros(dice.below(5_000)));
    }
    child.kill().unwrap();
    while next(&mut said) {}
    child.wait().unwrap();
    said
}
