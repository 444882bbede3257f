"""Environments of the contenders that are installed for the comparison only."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = Path.home() / ".cache" / "django_flex-performance"


def python_of(folder: Path, requires: tuple[str, ...]) -> Path | None:
    """Return the interpreter of an environment with these packages, made if it is not there yet.

    They meet the Django and the database driver of this process. ``None`` if they cannot be
    installed, as without a network.
    """
    wanted = (*requires, *_shared())
    if not requires:
        return Path(sys.executable)
    digest = hashlib.sha256("\n".join((sys.version, *wanted)).encode()).hexdigest()[:12]
    place = folder / digest
    python, ready = place / "bin" / "python", place / "ready"
    if not ready.exists():
        print(f"  installing {', '.join(requires)}", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        try:
            _make(place, python, wanted)
        except (subprocess.CalledProcessError, OSError) as error:
            said = getattr(error, "stderr", None) or str(error)
            print(f"  not installed: {said.strip()[-1_000:]}", file=sys.stderr)
            return None
        ready.touch()
    return python


def _shared() -> tuple[str, ...]:
    import django
    from django.db import connection

    drivers = {"postgresql": ("psycopg[binary]>=3.2",), "mysql": ("mysqlclient>=2.2.7",)}
    driver = drivers.get(connection.vendor, ())
    return (f"django=={django.__version__}", "msgspec>=0.20", *driver)


def _make(place: Path, python: Path, wanted: tuple[str, ...]) -> None:
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(place))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *wanted)
    else:
        _run(sys.executable, "-m", "venv", str(place))
        _run(str(python), "-m", "pip", "install", "--quiet", *wanted)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def path_of(folder: Path, *, is_home: bool) -> str:
    """Return the PYTHONPATH of a contender: the repository, or ``tests`` alone.

    In an environment of its own ``django_flex`` is what is installed there, if anything.
    """
    if is_home:
        return str(ROOT)
    place = folder / "path"
    link = place / "tests"
    place.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.readlink() != ROOT / "tests":
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(ROOT / "tests")
    return str(place)
