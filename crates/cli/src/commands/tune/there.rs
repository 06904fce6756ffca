//! Tuning by a server, and what it tells of it.

use std::num::NonZero;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use synaptoroute::{RouterError, TuneReport};
use ureq::http::{Method, StatusCode};

use super::bar::{Bar, Stage, Step};
use super::interrupts::Interrupts;
use super::{Outcome, is_wanted};
use crate::args::TuneArgs;
use crate::failure::Failure;
use crate::output;
use crate::remote::Remote;

/// Between two questions how far it is.
const LOOK: Duration = Duration::from_millis(300);

/// How long a server may leave them unanswered: it goes on tuning behind a network that hiccups.
const SILENCE: Duration = Duration::from_secs(15);

/// As the server takes it.
#[derive(Serialize)]
struct Asked {
    steps: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_budget_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<usize>,
    rate: f32,
    seed: u64,
    folds: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<NonZero<usize>>,
    install: bool,
    force: bool,
}

/// As it tells how far it is, and what came of it.
#[derive(Deserialize)]
struct Status {
    state: State,
    stage: Option<Stage>,
    fold: Option<usize>,
    #[serde(default)]
    done: usize,
    #[serde(default)]
    of: usize,
    loss: Option<f32>,
    /// Tells one tuning from the next.
    started_at_unix_ms: Option<u64>,
    report: Option<TuneReport>,
    installed: bool,
    reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    None,
    Running,
    Done,
    Failed,
    Cancelled,
}

pub(super) fn tune(server: &Remote, args: &TuneArgs) -> Result<Outcome, Failure> {
    let asked = Asked {
        steps: args.steps,
        time_budget_s: args.time_budget,
        layers: args.layers,
        rate: args.rate,
        seed: args.seed,
        folds: args.folds,
        threads: args.threads,
        install: true,
        force: args.force,
    };
    // Before it is begun: whoever calls it off at once means this one.
    let interrupts = Interrupts::hear()?;
    let tuning = Tuning { server, path: server.path(&["tune"]), interrupts };
    let begun = server.send(Method::POST, &tuning.path, Some(&asked), None)?;
    let mut bar = Bar::new(args.folds.into());
    let followed = tuning.follow(begun, &mut bar);
    bar.clear();
    let Followed { status, called_off } = followed?;
    match (status.state, status.report) {
        (State::Done, Some(report)) => {
            let went = match status.installed {
                true => vec![
                    "installed: the server decides by it from now on; `synaptoroute model list` and \
                     `synaptoroute model use NUMBER` with the same --url go back"
                        .to_owned(),
                ],
                false if is_wanted(&report, args) => return Err(failed(status.reason)),
                false => Vec::new(),
            };
            Ok(Outcome { report, went })
        }
        (State::Cancelled, _) if called_off => Err(Failure::Interrupted),
        (State::Cancelled, _) => Err(RouterError::TuneCancelled.into()),
        _ => Err(failed(status.reason)),
    }
}

fn failed(reason: Option<String>) -> Failure {
    Failure::TuneFailed { reason: reason.unwrap_or_else(|| "it does not say why".to_owned()) }
}

/// A tuning of a server.
struct Tuning<'a> {
    server: &'a Remote,
    path: String,
    interrupts: Interrupts,
}

/// How one ended.
struct Followed {
    status: Status,
    /// Whether that was asked for here.
    called_off: bool,
}

impl Tuning<'_> {
    /// Asks how far it is until it has ended, and calls it off at a signal.
    fn follow(&self, begun: Status, bar: &mut Bar) -> Result<Followed, Failure> {
        let started = begun.started_at_unix_ms;
        let (mut status, mut called_off) = (begun, false);
        let mut answered = Instant::now();
        while status.state == State::Running {
            if let Some(stage) = status.stage {
                let Status { fold, done, of, loss, .. } = status;
                bar.show(Step { stage, fold: fold.unwrap_or_default(), done, of, loss });
            }
            if self.interrupts.wait(LOOK) {
                bar.clear();
                output::note("calling it off; once more to leave it to the server");
                self.call_off()?;
                called_off = true;
            }
            match self.server.get::<Status>(&self.path) {
                Ok((now, _)) if now.started_at_unix_ms == started => {
                    status = now;
                    answered = Instant::now();
                }
                Ok(_) => return Err(Failure::TuneLost),
                Err(error) if error.is_callers_fault() || answered.elapsed() > SILENCE => {
                    return Err(error.into());
                }
                Err(_) => {}
            }
        }
        Ok(Followed { status, called_off })
    }

    fn call_off(&self) -> Result<(), Failure> {
        match self.server.send::<Status>(Method::DELETE, &self.path, None::<&()>, None) {
            // It has ended by itself in the meantime, or is being installed: the server says which.
            Err(error) if error.status() == Some(StatusCode::CONFLICT) => {
                output::note(error);
                Ok(())
            }
            done => Ok(done.map(drop)?),
        }
    }
}
