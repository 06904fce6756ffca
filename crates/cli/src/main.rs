//! The `synaptoroute` command.
//!
//! `args` says what it understands, `commands` has one module a command, `built_in` the
//! model it carries, `failure` what its exit codes mean.

mod args;
mod built_in;
mod commands;
mod engine;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, ModelCommand};
use crate::failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Command::Serve(serve) => commands::serve::run(serve, &args.engine),
        Command::Route(route) => commands::route::run(route, &args.engine),
        Command::Model { command: ModelCommand::Info(info) } => {
            commands::model_info::run(info, &args.engine)
        }
        Command::Model { command: ModelCommand::Convert(convert) } => {
            commands::model_convert::run(convert)
        }
        Command::Bench(bench) => commands::bench::run(bench, &args.engine),
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
