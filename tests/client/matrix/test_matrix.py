"""Both clients, both dialects and a stand-in for Directus: in process, on two servers, and where each request fails once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client.matrix.demo import PATHS, SCENARIOS

ROOT = Path(__file__).parents[3]
SERVERS = {
    "gunicorn": ("--workers=1", "--threads=8", "-b", "fd://{}"),
    "uvicorn": ("--lifespan=off", "--log-level=warning", "--fd={}"),
}
APPLICATIONS = {"gunicorn": "music_shop.wsgi:application", "uvicorn": "music_shop.asgi:application"}
#: What the stand-in for Directus has.
DUMP = """
import json, sys
from tests.client.shells import SyncShell
client = SyncShell().client("http://localhost/api/", SyncShell().application())
fields = {"artist": ["*"], "album": ["*", "artist.*"], "track": ["id", "name"], "genre": ["*"]}
print(json.dumps({name: list(client.collection(name).fields(*terms).iter(200)) for name, terms in fields.items()}))
"""

# They load the shop's rows and start servers.
pytestmark = pytest.mark.exhaustive


@dataclass(frozen=True)
class Place:
    server: str
    address: str


def environment(project: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    path = os.pathsep.join([str(project), str(ROOT)])
    return {
        **kept,
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": "music_shop.settings",
        "DIRECTUS_ROWS": str(project / "rows.json"),
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project with its rows and accounts, in a folder and on a database of its own."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    shutil.copytree(ROOT / "example_project", folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
    rows = ""
    for command in (["manage.py", "demo", "--no-server"], ["-c", DUMP]):
        rows = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env=environment(folder),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    (folder / "rows.json").write_text(rows)
    return folder


@contextmanager
def served(name: str, project: Path) -> Iterator[str]:
    """Serve the project, and return its address."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        options = [part.format(listening.fileno()) for part in SERVERS[name]]
        with subprocess.Popen(
            [sys.executable, "-m", name, *options, APPLICATIONS[name]],
            cwd=project,
            env=environment(project),
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
            finally:
                process.terminate()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((server, where), id=f"{server}-{where}")
        for server in ("flex", "directus", "stand-in")
        for where in ("in process", *SERVERS, "faults")
        if server in PATHS or where not in SERVERS
    ],
)
def place(request: pytest.FixtureRequest, project: Path) -> Iterator[Place]:
    """Where a server answers."""
    server, where = request.param
    if where not in SERVERS:
        yield Place(server, where)
        return
    pytest.importorskip(where)
    with served(where, project) as url:
        yield Place(server, url + PATHS[server])


@pytest.mark.parametrize("name", ["sync", "async"])
def test_the_same_scenarios_everywhere(name: str, place: Place, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.matrix.demo", name, place.server, place.address],
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [scenario.__name__ for scenario in SCENARIOS]
