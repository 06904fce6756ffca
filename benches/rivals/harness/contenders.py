"""Who takes part, each at its fastest setting."""

from dataclasses import dataclass
from typing import Callable

from . import builds, models
from .places import MODEL, PYTHON

OURS = "synaptoroute"
YARDSTICK = "prototype"


@dataclass(frozen=True)
class Contender:
    """`command` makes what is needed and gives the program's words, less `--threads`."""

    key: str
    title: str
    precision: str
    command: Callable[[], list]


def rival(module, setting, **paths):
    """The words that start `rivals/MODULE.py`."""
    options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    return [str(PYTHON), "-m", f"rivals.{module}", "--setting", setting, *options]


def onnx_runtime(setting, model):
    tokenizer = models.fp32() / "tokenizer.json"
    return rival("onnx_runtime", setting, model=model, tokenizer=tokenizer)


def openvino(setting):
    tokenizer = models.fp32() / "tokenizer.json"
    return rival("openvino_int8", setting, model=models.openvino_int8(), tokenizer=tokenizer)


def prototype():
    program, weights = builds.prototype()
    tokenizer = models.fp32() / "tokenizer.json"
    setting = "ids of its own"
    return rival("prototype", setting, program=program, weights=weights, tokenizer=tokenizer)


def ours():
    return [str(builds.contender()), "--model", str(MODEL / "model.safetensors")]


def built_on_fastembed(key, title, module):
    """A package with an fp32 graph, as it chooses itself, and with the int8 one, its fastest."""
    as_shipped, given_int8 = "fp32, as shipped", "given the published int8 ONNX"
    return [
        Contender(
            key, f"{title}, {as_shipped}", "fp32",
            lambda: rival(module, as_shipped, folder=models.fp32()),
        ),
        Contender(
            f"{key}-int8", f"{title}, {given_int8}", "int8",
            lambda: rival(module, given_int8, folder=models.int8()),
        ),
    ]


CONTENDERS = [
    Contender(OURS, "SynaptoRoute", "int8", ours),
    Contender(YARDSTICK, "prototype", "int8", prototype),
    Contender(
        "ort-int8", "ONNX Runtime, published int8 ONNX", "int8",
        lambda: onnx_runtime("published int8 ONNX", models.int8() / "model.onnx"),
    ),
    Contender(
        "ort-fused", "ONNX Runtime, fused graph, per-channel int8", "int8",
        lambda: onnx_runtime("fused graph, per-channel int8", models.fused_int8()),
    ),
    Contender(
        "ort-fp32", "ONNX Runtime, fp32", "fp32",
        lambda: onnx_runtime("fp32", models.fp32() / "model.onnx"),
    ),
    Contender(
        "openvino", "OpenVINO, int8 (NNCF)", "int8",
        lambda: openvino("any shape"),
    ),
    Contender(
        "openvino-fixed", "OpenVINO, int8 (NNCF), shapes compiled beforehand", "int8",
        lambda: openvino("fixed shapes 1x12 32x12"),
    ),
    *built_on_fastembed("fastembed", "fastembed", "fastembed"),
    *built_on_fastembed("python-synaptoroute", "SynaptoRoute (Python)", "python_synaptoroute"),
    *built_on_fastembed("semantic-router", "semantic-router", "semantic_router"),
]
