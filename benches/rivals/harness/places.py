"""Where things lie; what a run makes stays in folders that git ignores."""

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
MODEL = REPOSITORY / "models/bge-small-en-v1.5"
RESULTS = REPOSITORY / "benches/results"
REQUIREMENTS = HERE / "requirements.txt"
ROUTES = HERE / "routes.json"

VENV = HERE / ".venv"
PYTHON = VENV / "bin/python"
MODELS = HERE / ".models"
BUILD = HERE / ".build"
LOGS = BUILD / "logs"
