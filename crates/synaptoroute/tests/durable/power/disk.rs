//! A disk that has written what it was told to, and of the rest whatever it liked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::trace::{Event, Happened};
use crate::support::Dice;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// What is on the disk for certain, and what may be.
#[derive(Default)]
pub(crate) struct Disk {
    files: BTreeMap<usize, File>,
    names: BTreeMap<String, usize>,
    names_pending: Vec<(usize, Happened)>,
}

#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    /// Each with the line by which its call had ended.
    pending: Vec<(usize, Happened)>,
}

/// What becomes of writes that were not synced.
#[derive(Clone, Copy, Debug)]
enum Fate {
    None,
    All,
    /// Each by chance.
    Some,
    /// Each sector of each by chance.
    Sectors,
    /// Those up to some, and the next in part.
    Prefix,
}

impl Disk {
    /// What an event does when it has ended; or, for what need not be complete to leave
    /// traces, when it has begun.
    pub(crate) fn take(&mut self, event: &Event) {
        let pending = (event.end, event.what.clone());
        match &event.what {
            Happened::Created { file, .. } => {
                self.files.insert(*file, File::default());
                self.names_pending.push(pending);
            }
            Happened::Unlinked { .. } | Happened::Renamed { .. } => {
                self.names_pending.push(pending);
            }
            Happened::Written { file, .. } | Happened::Truncated { file, .. } => {
                self.files.get_mut(file).unwrap().pending.push(pending);
            }
            Happened::Synced { file } => {
                let file = self.files.get_mut(file).unwrap();
                // What another thread was writing at that moment is not certain.
                let certain = |(end, _): &(usize, Happened)| *end < event.begin;
                let until = file.pending.iter().take_while(|pending| certain(pending)).count();
                for (_, what) in file.pending.drain(..until) {
                    apply(&mut file.bytes, &what, |_| true);
                }
            }
            Happened::FolderSynced => {
                let certain = |(end, _): &(usize, Happened)| *end < event.begin;
                let until =
                    self.names_pending.iter().take_while(|pending| certain(pending)).count();
                for (_, what) in self.names_pending.drain(..until) {
                    rename(&mut self.names, &what);
                }
            }
            Happened::Said(_) => {}
        }
    }

    /// Writes to a folder what may be there if the power goes now.
    pub(crate) fn cut(&self, dice: &mut Dice, folder: &Path) {
        let fate = match dice.below(6) {
            0 => Fate::None,
            1 => Fate::All,
            2 => Fate::Some,
            3 | 4 => Fate::Sectors,
            _ => Fate::Prefix,
        };
        // Names change in order: a folder's entries are journaled.
        let mut names = self.names.clone();
        let last = match fate {
            Fate::None => 0,
            Fate::All => self.names_pending.len(),
            _ => dice.below(self.names_pending.len() as u64 + 1) as usize,
        };
        for (_, what) in &self.names_pending[..last] {
            rename(&mut names, what);
        }
        for (name, file) in names {
            fs::write(folder.join(name), self.files[&file].survive(fate, dice)).unwrap();
        }
    }
}

impl File {
    fn survive(&self, fate: Fate, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let last = dice.below(self.pending.len() as u64 + 1) as usize;
        for (at, (_, what)) in self.pending.iter().enumerate() {
            match fate {
                Fate::None => {}
                Fate::All => apply(&mut bytes, what, |_| true),
                Fate::Some => {
                    let survives = dice.one_in(2);
                    apply(&mut bytes, what, |_| survives);
                }
                Fate::Sectors => apply(&mut bytes, what, |_| dice.one_in(2)),
                Fate::Prefix if at < last => apply(&mut bytes, what, |_| true),
                Fate::Prefix if at == last => {
                    let end = dice.below(16) as usize;
                    apply(&mut bytes, what, |sector| sector < end);
                }
                Fate::Prefix => {}
            }
        }
        bytes
    }
}

/// Applies the sectors of a write that survive, counted from its first.
fn apply(to: &mut Vec<u8>, what: &Happened, mut survives: impl FnMut(usize) -> bool) {
    match what {
        Happened::Written { offset, bytes, .. } => {
            for (number, sector) in sectors(*offset, bytes).enumerate() {
                let (at, sector) = sector;
                if survives(number) {
                    let end = at + sector.len();
                    if to.len() < end {
                        to.resize(end, 0);
                    }
                    to[at..end].copy_from_slice(sector);
                }
            }
        }
        Happened::Truncated { len, .. } if survives(0) => to.resize(*len, 0),
        _ => {}
    }
}

/// A write in pieces that end where sectors do.
fn sectors(offset: usize, bytes: &Arc<[u8]>) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let start = offset + at;
        let len = (SECTOR - start % SECTOR).min(rest.len());
        at += len;
        Some((start, &rest[..len]))
    })
}

fn rename(names: &mut BTreeMap<String, usize>, what: &Happened) {
    match what {
        Happened::Created { file, name } => {
            names.insert(name.clone(), *file);
        }
        Happened::Unlinked { name } => {
            names.remove(name);
        }
        Happened::Renamed { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        _ => {}
    }
}
