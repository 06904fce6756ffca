//! What the program carries: the model, its calibration sentences, example routes.

use synaptoroute::{ModelFile, OpenError};

/// Starts on a cache line, so that weights are used where they lie in the program.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

static MODEL: &Aligned<[u8]> =
    &Aligned(*include_bytes!("../../../models/bge-small-en-v1.5/model.safetensors"));

/// Sentences the built-in model was balanced on.
pub(crate) const CALIBRATION: &str =
    include_str!("../../../models/bge-small-en-v1.5/calibration.txt");

/// A small set of routes to measure with.
pub(crate) const EXAMPLE_ROUTES: &str = include_str!("../../../examples/support.yaml");

/// The built-in model file.
pub(crate) fn model() -> Result<ModelFile, OpenError> {
    ModelFile::from_static(&MODEL.0)
}
