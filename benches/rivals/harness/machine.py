"""The machine a result comes from."""

import os
import platform
import re
import subprocess
from pathlib import Path

from .places import REPOSITORY

# What decides how fast 8-bit integers are multiplied.
TELLING = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8")


def describe():
    """CPU, cores, instruction sets, system, commit; what the system does not tell is left out."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"^model name\s*: (.*)$", info, re.MULTILINE)
    flags = set(info.split())
    return {
        "cpu": name.group(1) if name else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "instruction_sets": [flag for flag in TELLING if flag in flags],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": commit(),
    }


def commit():
    """The commit measured, with `+` where files differ from it."""
    git = ["git", "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(git, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def load():
    """Programs that wanted a core, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def slug(cpu):
    """A name for files: `Intel(R) Xeon(R) Processor` is `intel-xeon-processor`."""
    plain = re.sub(r"\((R|TM|C)\)", " ", cpu, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
