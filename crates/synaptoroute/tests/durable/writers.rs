//! Writers at work, who say what they try and what was acknowledged.

use std::fmt;
use std::str::FromStr;
use std::thread;

use synaptoroute::{Change, NamespaceName, Revision, Router, RouterError};

use crate::chance::Who;
use crate::support::{Dice, space};

/// What all writers change, and what each has for itself, to create and delete.
pub(crate) const SHARED: [&str; 2] = ["default", "shared"];

/// Something that a writer does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create,
    Delete,
    Change(Change),
}

/// A line that a writer says. What is tried is told by its seed, from which it can be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Said before the call.
    Try { writer: u64, number: u64, namespace: String, what: What },
    /// Said after it.
    Done { writer: u64, number: u64, revision: u64 },
    /// Said after it, where it was refused.
    Refused { writer: u64, number: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Create,
    Delete,
    Change { seed: u64, now: u64 },
}

impl What {
    pub(crate) fn step(self, writer: u64, namespace: &str) -> Step {
        match self {
            Self::Create => Step::Create,
            Self::Delete => Step::Delete,
            Self::Change { seed, now } => {
                let who = if SHARED.contains(&namespace) { Who::one(writer) } else { Who::alone() };
                Step::Change(who.change(&mut Dice::new(seed), now))
            }
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Try { writer, number, namespace, what } => {
                write!(f, "try {writer} {number} {namespace} ")?;
                match what {
                    What::Create => f.write_str("create"),
                    What::Delete => f.write_str("delete"),
                    What::Change { seed, now } => write!(f, "{seed} {now}"),
                }
            }
            Self::Done { writer, number, revision } => {
                write!(f, "done {writer} {number} {revision}")
            }
            Self::Refused { writer, number } => write!(f, "refused {writer} {number}"),
        }
    }
}

impl FromStr for Line {
    type Err = ();

    /// Other lines come in between; they are none of ours.
    fn from_str(line: &str) -> Result<Self, ()> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().map_err(|_| ());
        Ok(match words[..] {
            ["try", writer, at, namespace, ref what @ ..] => {
                let what = match *what {
                    ["create"] => What::Create,
                    ["delete"] => What::Delete,
                    [seed, now] => What::Change { seed: number(seed)?, now: number(now)? },
                    _ => return Err(()),
                };
                let namespace = namespace.to_owned();
                Self::Try { writer: number(writer)?, number: number(at)?, namespace, what }
            }
            ["done", writer, at, revision] => Self::Done {
                writer: number(writer)?,
                number: number(at)?,
                revision: number(revision)?,
            },
            ["refused", writer, at] => {
                Self::Refused { writer: number(writer)?, number: number(at)? }
            }
            _ => return Err(()),
        })
    }
}

/// How writers work.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) writers: u64,
    /// Whether each has a namespace of its own, besides those it shares.
    pub(crate) own: bool,
    pub(crate) seed: u64,
    /// The number of each writer's first step.
    pub(crate) first: u64,
    /// Whether a writer goes on to the step of this number.
    pub(crate) goes_on: &'a (dyn Fn(u64) -> bool + Sync),
    /// Takes a line whole.
    pub(crate) say: &'a (dyn Fn(&Line) + Sync),
}

impl Work<'_> {
    /// Has all writers work until none goes on.
    pub(crate) fn run(self, router: &Router) {
        let mut first = Writer { work: self, number: u64::MAX, steps: self.first };
        if router.namespace(&space(SHARED[1])).is_err() {
            first.step(router, SHARED[1], What::Create);
        }
        thread::scope(|scope| {
            for number in 0..self.writers {
                let mut writer = Writer { work: self, number, steps: self.first };
                scope.spawn(move || writer.run(router));
            }
        });
    }
}

struct Writer<'a> {
    work: Work<'a>,
    number: u64,
    steps: u64,
}

impl Writer<'_> {
    fn run(&mut self, router: &Router) {
        let mut dice = Dice::new(self.work.seed ^ self.number << 32);
        let own = format!("own-{}", self.number);
        while (self.work.goes_on)(self.steps) {
            let namespace = match dice.below(8) {
                0 if self.work.own => own.as_str(),
                1 | 2 => SHARED[1],
                _ => SHARED[0],
            };
            let what = match router.namespace(&space(namespace)) {
                Err(_) => What::Create,
                Ok(_) if namespace == own && dice.one_in(6) => What::Delete,
                Ok(handle) => {
                    What::Change { seed: dice.roll(), now: handle.snapshot().revision().get() }
                }
            };
            self.step(router, namespace, what);
        }
    }

    fn step(&mut self, router: &Router, namespace: &str, what: What) {
        let (writer, number) = (self.number, self.steps);
        self.steps += 1;
        let say = self.work.say;
        say(&Line::Try { writer, number, namespace: namespace.into(), what });
        let done = match what.step(writer, namespace) {
            Step::Create => router.create_namespace(&space(namespace)).map(|_| Revision::from(0)),
            Step::Delete => router.delete_namespace(&space(namespace)).map(|()| Revision::from(0)),
            Step::Change(change) => change_in(router, &space(namespace), change),
        };
        match done {
            Ok(revision) => say(&Line::Done { writer, number, revision: revision.get() }),
            Err(error) => {
                assert!(!error.is_store_failure(), "{error}");
                say(&Line::Refused { writer, number });
            }
        }
    }
}

fn change_in(
    router: &Router,
    namespace: &NamespaceName,
    change: Change,
) -> Result<Revision, RouterError> {
    let handle = router.namespace(namespace)?;
    let revision = handle.change(change, None, &|_, _| ())?;
    // Who was told so sees it.
    assert!(handle.snapshot().revision() >= revision);
    Ok(revision)
}
