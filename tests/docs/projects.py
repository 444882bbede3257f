"""The music shop and the tutorial's project, each driven from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
    pages: list[list[dict[str, Any]]], *, settings: str, project: Path, shop: bool = False
) -> list[list[dict[str, Any]]]:
    """Run the steps of pages in a process of their project."""
    done = subprocess.run(
        [sys.executable, str(WORKER)],
        input=json.dumps({"pages": pages, "shop": shop}),
        env=environment(settings, project),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def run_in_shop(pages: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Run the steps of pages in the music shop."""
    return run_steps(pages, settings="music_shop.settings", project=EXAMPLE, shop=True)
