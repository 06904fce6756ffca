"""The virtual environment of the rivals."""

import shutil
import subprocess
import sys

from .places import PYTHON, REQUIREMENTS, VENV
from .steps import Unavailable, say, sha256, step


def ensure():
    """The virtual environment, made anew when the requirements change."""
    stamp = VENV / "requirements.sha256"
    wanted = sha256(REQUIREMENTS)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    step("venv", [sys.executable, "-m", "venv", str(VENV)])
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        step("pip, all rivals: this takes minutes", pip + ["-r", str(REQUIREMENTS)])
        stamp.write_text(wanted)
    except Unavailable as error:
        # One package that is not to be had must not keep the others out. No stamp: the next
        # run tries again.
        say(f"  {error}; now one by one")
        for line in REQUIREMENTS.read_text().splitlines():
            if line and not line.startswith("#"):
                try:
                    step(f"pip-{line}", pip + [line])
                except Unavailable as alone:
                    say(f"  {alone}")


def installed():
    """What the environment holds, as `pip freeze` says it."""
    command = [str(PYTHON), "-m", "pip", "freeze"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[:-1]
