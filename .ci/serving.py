"""A copy of the music shop, whose rows scripts may change, and its server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A password is that of a demonstration; to check one should not take longer than what is tested, and
#: tests sign in more often than people.
SETTINGS = """from music_shop.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_FLEX = {**DJANGO_FLEX, "LOGIN_RATE_LIMIT": None}
"""
UNDER_A_PREFIX = """from django.contrib.staticfiles.views import serve
from django.urls import re_path

from music_shop.urls import urlpatterns as found
from music_shop.wsgi import application as inner

# Django's server would look for static files below the prefix twice.
urlpatterns = [*found, re_path("^static/(?P<path>.*)$", serve)]


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if not path.startswith("{prefix}/"):
        start_response("404 Not Found", [])
        return []
    return inner({{**environ, "PATH_INFO": path.removeprefix("{prefix}")}}, start_response)
"""


@dataclass(frozen=True)
class Shop:
    """The music shop in a folder, the port on which it is served, and the module of its settings.

    ``prefix`` is the path that is in front of all URLs.
    """

    folder: Path
    port: int
    settings: str
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def manage(self, *arguments: str) -> None:
        """Run a command of ``manage.py``."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=self.folder, env=self.environment(), check=True)

    def environment(self) -> dict[str, str]:
        """Return the variables of its processes."""
        changed = {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": self.settings}
        return {**os.environ, **changed}


@contextmanager
def served_shop(folder: Path) -> Iterator[Shop]:
    """Load the shop into a folder, and serve it until the end of the block."""
    copy = folder / "shop"
    shutil.copytree(ROOT / "example_project", copy, ignore=shutil.ignore_patterns("*.sqlite3"))
    shop = new_shop(copy)
    shop.manage("demo", "--no-server", "--skip-checks")
    with serving(shop):
        yield shop


def new_shop(folder: Path, more: str = "", name: str = "served", prefix: str = "") -> Shop:
    """Return a shop with other settings in the same folder: ``more`` is added to those of the demo.

    Under a prefix it is served as by a web server that takes the prefix off each path.
    """
    package = folder / "music_shop"
    if prefix:
        (package / f"{name}_below.py").write_text(UNDER_A_PREFIX.format(prefix=prefix))
        more += f"FORCE_SCRIPT_NAME = {prefix!r}\n"
        more += f'WSGI_APPLICATION = "music_shop.{name}_below.application"\n'
        more += f'ROOT_URLCONF = "music_shop.{name}_below"\n'
    (package / f"{name}.py").write_text(f"{SETTINGS}{more}")
    return Shop(folder, _free_port(), f"music_shop.{name}", prefix)


@contextmanager
def serving(shop: Shop) -> Iterator[None]:
    """Serve a shop until the end of the block."""
    options = ["--noreload", "--skip-checks", *(["--nostatic"] if shop.prefix else [])]
    with (shop.folder / f"{shop.settings}.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", *options, f"127.0.0.1:{shop.port}"],
            cwd=shop.folder,
            env=shop.environment(),
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(shop.port)
            yield
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError
