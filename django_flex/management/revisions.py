"""Runs a command of this project as it is in a commit."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class RevisionError(Exception):
    """There is no such commit, or the command fails in it."""


def output_at(revision: str, arguments: Sequence[str]) -> bytes:
    """Return what ``manage.py`` prints with the files of a commit, and the packages of today.

    Args:
        revision: anything that names a commit for git; nothing in the checkout is changed.
        arguments: those of ``manage.py``.

    Raises:
        RevisionError: there is no such commit, or the command fails in it.
    """
    script = Path(sys.argv[0]).resolve()
    if script.name != "manage.py":
        raise RevisionError("A commit can only be compared by manage.py")
    commit = _git(
        script.parent, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
    )
    top = Path(_git(script.parent, "rev-parse", "--show-toplevel").decode().strip())
    archive = _git(top, "archive", "--format=tar", commit.decode().strip())
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            # Debian's Python 3.11 has no filters yet. The code of the commit is run in any case.
            if hasattr(tarfile, "data_filter"):
                files.extraction_filter = tarfile.data_filter
            files.extractall(folder)  # noqa: S202 - of the project itself
        there = Path(folder) / script.relative_to(top.resolve())
        command = [sys.executable, str(there), *arguments]
        done = subprocess.run(command, cwd=there.parent, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip()
        raise RevisionError(f"The command fails in '{revision}':\n{text}")
    return done.stdout


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        raise RevisionError(f"git cannot be run: {error}") from error
    if done.returncode:
        raise RevisionError(done.stderr.decode(errors="replace").strip())
    return done.stdout
