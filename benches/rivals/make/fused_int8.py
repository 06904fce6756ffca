"""IN.onnx OUT.onnx: the fused graph with a scale for each output channel.

What ONNX Runtime's own tools make of the fp32 export: `onnxruntime.transformers.optimizer`, then
`quantize_dynamic`. Signed weights: unsigned ones take twice the time on CPUs with VNNI.
"""

import sys
import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer


def main(source, out):
    fused = optimizer.optimize_model(
        source, model_type="bert", num_heads=12, hidden_size=384, opt_level=0
    )
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "fused.onnx")
        fused.save_model_to_file(path)
        quantize_dynamic(
            path,
            out,
            per_channel=True,
            weight_type=QuantType.QInt8,
            # Shape inference does not know the fused operators.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
