"""The contenders that are built from source."""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

from .models import fp32
from .places import BUILD, MODELS, PYTHON, REPOSITORY
from .steps import Unavailable, step

# Names the folder with the prototype's source.
PROTOTYPE = "RIVALS_PROTOTYPE"


@functools.cache
def contender():
    """This project's own program, built as it is checked out."""
    command = ["cargo", "build", "--release", "--locked", "-p", "synaptoroute-benches"]
    step("cargo, this project's contender", command + ["--bin", "contender"], cwd=REPOSITORY)
    return target_folder() / "release/contender"


@functools.cache
def product():
    """The program that is released, built as it is checked out."""
    command = ["cargo", "build", "--release", "--locked"]
    step("cargo-product, this project's program", command, cwd=REPOSITORY)
    return target_folder() / "release/synaptoroute"


def target_folder():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["target_directory"])


@functools.cache
def prototype():
    """The prototype's program and weights."""
    folder = os.environ.get(PROTOTYPE)
    if not folder:
        raise Unavailable(f"its source is not published; {PROTOTYPE} names its folder where there is one")
    original = Path(folder).expanduser().resolve()
    if not (original / "Cargo.toml").is_file():
        raise Unavailable(f"{PROTOTYPE}={folder}: there is no Cargo.toml in that folder")
    source = BUILD / "prototype"
    shutil.copytree(original, source, dirs_exist_ok=True)
    manifest = (original / "Cargo.toml").read_text()
    # The copy lies within this workspace, of which it is no member.
    (source / "Cargo.toml").write_text(manifest + "\n[workspace]\n")
    target = BUILD / "prototype-target"
    command = ["cargo", "build", "--release", "--target-dir", str(target)]
    step("cargo-prototype", command, cwd=source)
    weights = MODELS / "prototype.safetensors"
    if not weights.is_file():
        part = weights.with_suffix(".part")
        convert = source / "onnx_to_safetensors.py"
        step("prototype-weights", [str(PYTHON), str(convert), str(fp32() / "model.onnx"), str(part)])
        part.replace(weights)
    return target / "release/proto", weights
