"""The types of the client as mypy and pyright see them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RIGHT, WRONG = HERE / "right_uses.py", HERE / "wrong_uses.py"

pytest.importorskip("mypy")
pytest.importorskip("pyright")
pytestmark = pytest.mark.exhaustive  # a type checker takes seconds


def run(*command: str) -> str:
    """Return what a checker prints; it ends with 1 if it has found mistakes."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def found_by_mypy(folder: Path) -> set[tuple[str, int]]:
    """Check both files without the plugin for Django, which the client does not need."""
    settings = folder / "mypy.ini"
    settings.write_text(
        f"[mypy]\nstrict = true\nmypy_path = {ROOT}\nexplicit_package_bases = true\n"
    )
    told = run("mypy", f"--config-file={settings}", f"--cache-dir={folder}", str(RIGHT), str(WRONG))
    places = re.findall(r"^(\S+?):(\d+): error:", told, re.MULTILINE)
    return {(Path(file).name, int(line)) for file, line in places}


def found_by_pyright(folder: Path) -> set[tuple[str, int]]:
    settings = folder / "pyrightconfig.json"
    rules = {
        "typeCheckingMode": "strict",
        "include": [os.path.relpath(file, folder) for file in (RIGHT, WRONG)],
        "extraPaths": [str(ROOT)],
        "pythonVersion": "3.11",
    }
    settings.write_text(json.dumps(rules))
    told = json.loads(
        run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(settings))
    )
    assert told["summary"]["filesAnalyzed"] == 2
    return {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1)
        for one in told["generalDiagnostics"]
        if one["severity"] == "error" and not one.get("rule", "").startswith("reportUnknown")
    }


@pytest.mark.parametrize("found", [found_by_mypy, found_by_pyright], ids=["mypy", "pyright"])
def test_mistakes_are_found_and_nothing_else(found, tmp_path: Path) -> None:
    marked = {
        (WRONG.name, number)
        for number, line in enumerate(WRONG.read_text().splitlines(), 1)
        if line.endswith("# wrong")
    }
    assert found(tmp_path) == marked
