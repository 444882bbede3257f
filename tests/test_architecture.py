"""The import contracts of ``pyproject.toml`` hold, and no folder or file grows too large."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint_imports() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_contracts_are_kept() -> None:
    done = lint_imports()

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_folder_has_more_than_twenty_modules() -> None:
    modules = [path for top in ("django_flex", "tests") for path in (ROOT / top).rglob("*.py")]
    folders = Counter(path.parent.relative_to(ROOT) for path in modules)

    assert [] == [folder for folder, count in folders.items() if count > 20]


def test_no_file_of_the_package_has_more_than_400_lines() -> None:
    paths = (ROOT / "django_flex").rglob("*.py")

    assert [] == [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in paths
        if (lines := len(path.read_text().splitlines())) > 400
    ]
