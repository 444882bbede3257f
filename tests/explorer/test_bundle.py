"""What is served is what the sources give; `.ci/run` builds it again and compares."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

EXPLORER = Path(__file__).parents[2] / "django_flex" / "explorer"
SERVED, FRONTEND = EXPLORER / "static" / "django_flex" / "explorer", EXPLORER / "frontend"
MOST = 200_000
REBUILD = "build it again: npm install && npm run build, in django_flex/explorer/frontend"


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SERVED / "built.json").read_text())
    return read


def test_it_was_built_of_these_sources(built: dict[str, Any]) -> None:
    sources = hashlib.sha256()
    names = sorted(f"src/{one.name}" for one in (FRONTEND / "src").iterdir())
    for name in (*names, "build.mjs", "package.json"):
        sources.update(f"{name}\n".encode())
        sources.update((FRONTEND / name).read_bytes())

    assert sources.hexdigest() == built["sources"], REBUILD


def test_nobody_changed_what_was_built(built: dict[str, Any]) -> None:
    for name in ("explorer.js", "explorer.css"):
        found = hashlib.sha256((SERVED / name).read_bytes()).hexdigest()
        assert found == built[name], REBUILD


def test_it_is_small() -> None:
    files = [(SERVED / name).read_bytes() for name in ("explorer.js", "explorer.css")]

    assert sum(len(gzip.compress(one)) for one in files) <= MOST


def test_it_needs_no_eval_and_no_other_host() -> None:
    script = (SERVED / "explorer.js").read_text()

    assert "new Function" not in script
    assert "eval(" not in script
    assert "dangerouslySetInnerHTML:" not in script
    assert "@import" not in (SERVED / "explorer.css").read_text()


def test_licences_are_shipped() -> None:
    text = (SERVED / "LICENSES.txt").read_text()

    for name in ("preact", "htm", "@codemirror/view", "@lezer/json", "crelt"):
        assert f"\n{name} " in f"\n{text}"
    assert "Permission is hereby granted" in text
