//! The `synaptoroute` command.
//!
//! `args` says what it understands, `commands` has one module a command. They find content at
//! a `place`: a database file, or a server that `remote` talks to. `file` reads and writes
//! files of routes, `engine` makes what encodes, of the model that `built_in` carries; `output`
//! and `words` are for people, and `failure` says what the exit codes mean.

mod args;
mod built_in;
mod commands;
mod engine;
mod failure;
mod file;
mod output;
mod place;
mod remote;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, ModelCommand};
use crate::failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let engine = &args.engine;
    let done = match &args.command {
        Command::Serve(args) => commands::serve::run(args, engine),
        Command::Key(args) => commands::key::run(args),
        Command::Route(args) => commands::route::run(args, engine),
        Command::Eval(args) => commands::eval::run(args, engine),
        Command::Lint(args) => commands::lint::run(args, engine),
        Command::Fit(args) => commands::fit::run(args, engine),
        Command::Tune(args) => commands::tune::run(args, engine),
        Command::Routes(args) => commands::routes::run(args, engine),
        Command::Namespaces(args) => commands::namespaces::run(args, engine),
        Command::Import(args) => commands::import::run(args, engine),
        Command::Export(args) => commands::export::run(args, engine),
        Command::Revisions(args) => commands::revisions::run(args),
        Command::Diff(args) => commands::diff::run(args),
        Command::Rollback(args) => commands::rollback::run(args, engine),
        Command::Backup(args) => commands::backup::run(args),
        Command::Model { command } => match command {
            ModelCommand::Info(args) => commands::model::info::run(args, engine),
            ModelCommand::Convert(args) => commands::model::convert::run(args),
            ModelCommand::List(args) => commands::model::list::run(args),
            ModelCommand::Use(args) => commands::model::choose::run(args, engine),
            ModelCommand::Remove(args) => commands::model::remove::run(args),
        },
        Command::Bench(args) => commands::bench::run(args, engine),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough: `synaptoroute route … | head`. A service
        // that nobody can find has failed, though.
        Err(Failure::Output(error))
            if error.kind() == std::io::ErrorKind::BrokenPipe
                && !matches!(args.command, Command::Serve(_)) =>
        {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}
