//! Power cuts. A process that is killed leaves its writes in the system's memory, so it loses
//! nothing even where nobody waits for the disk; a power cut takes them.
//!
//! So a process that writes is traced, and for random moments the files are rebuilt as a disk
//! may hold them: whatever was synced before is there, and of what was not, any part, torn
//! at the sectors of 512 bytes. Each is opened as after a real power cut. That the test can
//! fail at all is shown by two controls: writes that nobody waits for, and a disk that only
//! says that it has synced.
//!
//! - `trace`: from what `strace` wrote to what happened to files.
//! - `disk`: what may be left of that.

mod disk;
mod trace;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use synaptoroute::{Durability, Router};

use crate::child::{Task, options};
use crate::settle::{Fault, World, assert_sound};
use crate::support::{Dice, Signs, from_env};
use crate::writers::Line;
use disk::Disk;
use trace::{Event, Happened};

const CUTS: u64 = 200;

/// What a number of cuts came to.
#[derive(Debug, Default)]
struct Tally {
    cuts: usize,
    /// Cuts before which something had been acknowledged.
    acknowledged: usize,
    lost: usize,
    torn: usize,
}

#[test]
fn a_power_cut_takes_nothing_acknowledged() {
    let Some(events) = trace_of("write and reopen") else { return };
    let cuts = from_env("SYNAPTOROUTE_POWER_CUTS", CUTS);
    let tally = cut(&events, cuts, |fault, seed| panic!("cut {seed}: {fault:?}"));
    println!(
        "{} cuts, {} after something was acknowledged: 0 lost",
        tally.cuts, tally.acknowledged
    );
    assert!(tally.acknowledged > tally.cuts / 2, "{tally:?}");

    // The control: had nobody waited for the disk, this would have been seen.
    let unsynced: Vec<Event> =
        events.into_iter().filter(|event| !matches!(event.what, Happened::Synced { .. })).collect();
    let tally = cut(&unsynced, 40, |_, _| ());
    println!("had the disk lied: {tally:?}");
    assert!(tally.lost + tally.torn > 10, "{tally:?}");
}

#[test]
fn relaxed_a_power_cut_takes_the_last_changes_and_tears_none() {
    let Some(events) = trace_of("write and reopen, relaxed") else { return };
    let tally = cut(&events, CUTS / 2, |fault, seed| {
        assert!(matches!(fault, Fault::Lost(_)), "cut {seed}: {fault:?}");
    });
    println!("relaxed: {tally:?}");
    assert!(tally.lost > 10, "{tally:?}");
}

/// What a process did to its files; nothing where it cannot be traced.
fn trace_of(task: &str) -> Option<Vec<Event>> {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("files");
    fs::create_dir(&database).unwrap();
    let trace = folder.path().join("trace");
    let able = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    if !able.as_ref().is_ok_and(std::process::ExitStatus::success) {
        // A machine whose tests count sets this, so that none is skipped there unnoticed.
        assert!(std::env::var_os("SYNAPTOROUTE_NEEDS_STRACE").is_none(), "strace: {able:?}");
        println!("SKIPPED: power cuts need strace, and to be allowed to trace: {able:?}");
        return None;
    }
    let arguments = ["-f", "-qq", "-xx", "-s", "10000000", "-e", "signal=none", "-e", trace::CALLS];
    let arguments = [&arguments[..], &["-o", trace.to_str().unwrap()]].concat();
    let writing = Task::new(task, &database.join("routes.db"), 7).under("strace", &arguments);
    let output = writing.command().output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let events = trace::read(&fs::read_to_string(trace).unwrap(), &database);
    let count = |is: fn(&Happened) -> bool| events.iter().filter(|event| is(&event.what)).count();
    println!(
        "{task}: {} writes, {} syncs, {} names made or gone, {} lines",
        count(|what| matches!(what, Happened::Written { .. })),
        count(|what| matches!(what, Happened::Synced { .. } | Happened::FolderSynced)),
        count(|what| matches!(what, Happened::Created { .. } | Happened::Unlinked { .. })),
        count(|what| matches!(what, Happened::Said(_))),
    );
    Some(events)
}

/// Cuts the power at random moments, and opens what is left.
fn cut(events: &[Event], cuts: u64, mut fault: impl FnMut(Fault, u64)) -> Tally {
    // What leaves traces does so from its beginning on, what makes them last when it ends.
    let lasts = |what: &Happened| matches!(what, Happened::Synced { .. } | Happened::FolderSynced);
    let at = |event: &Event| if lasts(&event.what) { event.end } else { event.begin };
    let mut timeline: Vec<&Event> = events.iter().collect();
    timeline.sort_by_key(|event| at(event));
    let mut dice = Dice::new(from_env("SYNAPTOROUTE_SEED", 1));
    let mut moments: Vec<usize> =
        (0..cuts).map(|_| dice.below(timeline.len() as u64 + 1) as usize).collect();
    moments.sort_unstable();

    let (mut disk, mut lines, mut tally) = (Disk::default(), Vec::new(), Tally::default());
    let mut taken = 0;
    for moment in moments {
        for event in &timeline[taken..moment] {
            disk.take(event);
            if let Happened::Said(line) = &event.what {
                lines.push(line.clone());
            }
        }
        taken = moment;
        let seed = dice.roll();
        let folder = tempfile::tempdir().unwrap();
        disk.cut(&mut Dice::new(seed), folder.path());
        tally.cuts += 1;
        tally.acknowledged +=
            usize::from(lines.iter().any(|line| matches!(line, Line::Done { .. })));
        if let Err(found) = reopen(folder.path(), &lines) {
            match found {
                Fault::Lost(_) => tally.lost += 1,
                Fault::Torn(_) => tally.torn += 1,
            }
            fault(found, seed);
        }
    }
    tally
}

fn reopen(folder: &Path, lines: &[Line]) -> Result<(), Fault> {
    let path = folder.join("routes.db");
    let options = options(Durability::Relaxed);
    let router = Router::open(Signs::encoder(), &path, options, &|_, _| ())
        .map_err(|error| Fault::Torn(error.to_string()))?;
    World::new(u64::MAX).settle(&router, lines)?;
    drop(router);
    assert_sound(&path);
    Ok(())
}
