"""The web server of the demonstration: Django's own, on the first free port."""

from __future__ import annotations

import socket
from contextlib import suppress

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)

HOST = "127.0.0.1"
PORTS_TO_TRY = 100


class NoFreePortError(Exception):
    """Every port that was tried is taken."""


def bind(first_port: int) -> ThreadedWSGIServer:
    """Return a server that listens on ``first_port``, or on the next one that is free."""
    for port in range(first_port, min(first_port + PORTS_TO_TRY, 65_536)):
        # Asking first: beside a program that listens on all addresses some systems let one bind.
        if not _is_answered(port):
            with suppress(OSError):
                return _listen(port)
    raise NoFreePortError


def _is_answered(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False


def _listen(port: int) -> ThreadedWSGIServer:
    server = ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    return server
