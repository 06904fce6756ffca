//! `synaptoroute bench encode`: passes of many sizes, beside what the machine could do at most.
//!
//! The clock of a busy machine drifts by a tenth and more within a minute. So everything is
//! measured in turns (`rounds`): the machine's peaks (`peaks`), what shows that they are right
//! (`gemm`), and the cases (`case`, run by `encoders`). A best time divided by the best peaks
//! (`floor`) then says how much is left to gain, whatever the clock was.

mod at_once;
mod case;
mod encoders;
mod floor;
mod gemm;
mod measure;
mod peaks;
mod print;
mod report;
mod rounds;
#[cfg(test)]
mod tests;

use synaptoroute::Isa;

use self::report::Report;
use super::{cores, cpu};
use crate::args::{BenchArgs, EngineArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

/// For each instruction set, where `--seconds` does not say.
const SECONDS: f64 = 20.0;

pub(super) fn run(args: &BenchArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let file = engine::model_file(engine_args)?;
    let isas = engine_args.isa.map_or_else(|| Isa::available().collect(), |isa| vec![isa]);
    let (machine, threads, model) = (cpu(), cores(), file.config().name.clone());
    if !args.json {
        output::line(format_args!("{machine}, {threads} cores; {model}\n\n{}", print::LEGEND))?;
    }
    let mut report = Report { machine, cores: threads.get(), model, isas: Vec::new() };
    for isa in isas {
        // The slower ones are there to be compared, not to be used.
        let few = !report.isas.is_empty();
        let seconds = args.seconds.unwrap_or(SECONDS);
        let measured = measure::measure(&file, isa, few, threads, seconds)?;
        if !args.json {
            print::print(&measured)?;
        }
        report.isas.push(measured);
    }
    if args.json { output::json(&report) } else { Ok(()) }
}
