"""ONNX Runtime on any ONNX export of the model."""

import onnxruntime

from .graph import GraphEngine
from .protocol import arguments, serve


def main():
    args = arguments("model", "tokenizer")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = args.threads
    options.inter_op_num_threads = 1
    # Threads that wait go on spinning, the default and the fastest: while others are
    # measured this whole process is stopped.
    session = onnxruntime.InferenceSession(
        args.model, options, providers=["CPUExecutionProvider"]
    )
    names = [i.name for i in session.get_inputs()]

    def hidden(inputs):
        return session.run(None, {name: inputs[name] for name in names})[0]

    return GraphEngine(
        "ONNX Runtime", onnxruntime.__version__, args.setting, args.tokenizer, hidden
    )


if __name__ == "__main__":
    serve(main)
