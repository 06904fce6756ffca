//! `synaptoroute model convert`: an fp32 ONNX export to an int8 model file.

use std::fs;

use synaptoroute::convert::{Job, convert};

use crate::args::ConvertArgs;
use crate::built_in;
use crate::failure::Failure;
use crate::file;
use crate::output;

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let calibration = match &args.calibration {
        Some(path) => {
            let failed = |source| Failure::Read { path: path.clone(), source };
            let bytes = fs::read(path).map_err(failed)?;
            let text = String::from_utf8(bytes);
            text.map_err(|_| Failure::CalibrationText { path: path.clone() })?
        }
        None => built_in::CALIBRATION.to_owned(),
    };
    let stem = args.onnx.file_stem().unwrap_or_default().to_string_lossy();
    let job = Job {
        onnx: args.onnx.clone(),
        tokenizer: args.tokenizer.clone(),
        calibration: calibration.lines().filter(|l| !l.trim().is_empty()).map(Into::into).collect(),
        name: args.name.clone().unwrap_or_else(|| format!("{stem}-int8")),
        pooling: args.pooling.into(),
        heads: args.heads.map(std::num::NonZero::get),
    };
    let mut bar = None;
    let converted = convert(&job, |done, of| {
        bar.get_or_insert_with(|| output::progress(of, "texts")).set_position(done as u64);
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    file::write_whole(&args.out, &converted.bytes)?;
    output::line(format_args!(
        "{}: {} ({:.1} MB)",
        args.out.display(),
        converted.config.name,
        converted.bytes.len() as f64 / 1e6
    ))
}
