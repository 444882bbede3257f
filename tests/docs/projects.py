"""The music shop and the tutorial's project, each driven from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT

WORKER = Path(__file__).with_name("worker.py")
EXAMPLE = ROOT / "example_project"


def environment(settings: str, project: Path) -> dict[str, str]:
    """Return the variables for a process in a project: SQLite, whatever the suite runs on."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    paths = [str(project), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": os.pathsep.join(paths)}


def run_steps(
    pages: list[list[dict[str, Any]]], *, settings: str, project: Path, times: Sequence[str] = ()
) -> list[list[list[dict[str, Any]]]]:
    """Run the steps of pages in a process of their project: in the music shop, once for each time."""
    done = subprocess.run(
        [sys.executable, str(WORKER)],
        input=json.dumps({"pages": pages, "times": times}),
        env=environment(settings, project),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[list[list[dict[str, Any]]]] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def run_in_shop(
    pages: list[list[dict[str, Any]]], times: Sequence[str]
) -> dict[str, list[list[dict[str, Any]]]]:
    """Run the steps of pages in the music shop, as it is when it is loaded at each of the times."""
    ran = run_steps(pages, settings="music_shop.settings", project=EXAMPLE, times=times)
    return dict(zip(times, ran, strict=True))
