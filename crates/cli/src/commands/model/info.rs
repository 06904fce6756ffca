//! `synaptoroute model info`: what a model file holds, and how it runs here.

use serde::Serialize;
use synaptoroute::{Bert, Config, Encoder};

use crate::args::{EngineArgs, InfoArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

/// A model and this machine's way of running it.
#[derive(Serialize)]
struct Info<'a> {
    origin: String,
    fingerprint: String,
    bytes: usize,
    config: &'a Config,
    isa: &'static str,
    activation_bits: u8,
}

pub(crate) fn run(args: &InfoArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let file = engine::model_file(engine_args)?;
    // Opening it as an encoder checks every tensor: what is reported is what runs.
    let encoder = Bert::new(&file, engine::kernels(engine_args)?)?;
    let model = encoder.model();
    let info = Info {
        origin: file.origin().to_string(),
        fingerprint: file.fingerprint().to_string(),
        bytes: file.len_bytes(),
        config: file.config(),
        isa: model.isa.name(),
        activation_bits: model.activation_width.bits(),
    };
    if args.json {
        return output::json(&info);
    }
    let config = info.config;
    output::table(&[
        ("model", config.name.clone()),
        ("from", info.origin),
        ("fingerprint", info.fingerprint),
        ("size", format!("{:.1} MB", info.bytes as f64 / 1e6)),
        (
            "shape",
            format!(
                "{} layers, hidden {}, {} heads, intermediate {}",
                config.layers, config.hidden, config.heads, config.intermediate
            ),
        ),
        ("pooling", format!("{:?}", config.pooling).to_lowercase()),
        ("longest input", format!("{} tokens", config.max_tokens)),
        ("vocabulary", format!("{} tokens", config.vocabulary)),
        ("quantisation", config.quantisation.clone()),
        ("source", format!("ONNX with SHA-256 {}", config.source_sha256)),
        ("runs here on", format!("{}, {}-bit activations", info.isa, info.activation_bits)),
        (
            "compares with",
            "its own vectors from any machine; 7-bit and 8-bit ones differ slightly \
             (cosine 0.998 and better, but for rare scripts)"
                .to_owned(),
        ),
    ])
}
