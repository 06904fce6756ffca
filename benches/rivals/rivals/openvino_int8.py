"""OpenVINO on the graph that NNCF quantised."""

import openvino

from .graph import GraphEngine
from .protocol import arguments, serve


class Graph:
    """Compiled for any shape, and once more for each shape named beforehand.

    A fixed shape is faster, but a service that takes any text would have to compile each
    length it meets: it is measured as a setting of its own.
    """

    def __init__(self, path, threads, shapes):
        self._core = openvino.Core()
        self._path = path
        self._config = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": threads,
            # The cores are chosen from outside, alike for all.
            "ENABLE_CPU_PINNING": False,
        }
        self._any = self._compile(None)
        self._fixed = {shape: self._compile(shape) for shape in shapes}

    def _compile(self, shape):
        model = self._core.read_model(self._path)
        if shape:
            model.reshape({i.any_name: list(shape) for i in model.inputs})
        return self._core.compile_model(model, "CPU", self._config).create_infer_request()

    def hidden(self, inputs):
        request = self._fixed.get(inputs["input_ids"].shape, self._any)
        request.infer(inputs, share_inputs=True)
        return request.get_output_tensor(0).data


def shapes(setting):
    """`fixed shapes 1x12 32x12` names two, any other setting none."""
    if not setting.startswith("fixed shapes "):
        return []
    pairs = setting.removeprefix("fixed shapes ").split()
    return [tuple(int(n) for n in pair.split("x")) for pair in pairs]


def main():
    args = arguments("model", "tokenizer")
    graph = Graph(args.model, args.threads, shapes(args.setting))
    version = openvino.__version__.split("-")[0]
    return GraphEngine("OpenVINO", version, args.setting, args.tokenizer, graph.hidden)


if __name__ == "__main__":
    serve(main)
