"""What the clients in Python have in common: a process that is asked, and answers, in lines of JSON.

It runs in the environment of each client, where neither Django nor this package is installed.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any


class Refused(Exception):  # noqa: N818 # not an error of the client's
    """The server refused: its code and status, or ``None`` where the client does not tell."""

    def __init__(self, code: str | None, status: int | None) -> None:
        super().__init__(code, status)
        self.code = code
        self.status = status


class Lacking(Exception):  # noqa: N818 # neither
    """The client has no way to do this."""


class Adapter:
    """The operations of a client are its methods; what it has no way to do is no method."""

    #: The client's own errors that have `code` and `status`.
    refusals: tuple[type[Exception], ...] = ()

    def only(self, query: dict[str, Any], names: str) -> None:
        """Raise ``Lacking`` if the query has anything else than these parameters."""
        for name in query:
            if name not in names.split():
                raise Lacking(name)


def run(adapter: Adapter) -> None:
    """Answer each line of the standard input, until it ends."""
    # Some of them print.
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        for line in sys.stdin:
            asked = json.loads(line)
            print(
                json.dumps(_answer(adapter, asked["op"], asked["arguments"])), file=out, flush=True
            )


def _answer(adapter: Adapter, op: str, arguments: dict[str, Any]) -> dict[str, Any]:
    method = getattr(adapter, op, None)
    if method is None:
        return {"lacks": op}
    try:
        return {"value": method(**arguments)}
    except Lacking as error:
        return {"lacks": str(error)}
    except Refused as error:
        return {"code": error.code, "status": error.status}
    except adapter.refusals as error:
        return {"code": error.code, "status": error.status}  # type: ignore[attr-defined] # see there
    except Exception:  # noqa: BLE001 # the test shows it
        return {"failed": traceback.format_exc()}


def comparisons(
    filters: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Yield the path, the operator and the value of each test in a filter object."""
    for name, value in filters.items():
        if name.startswith("_"):
            yield path, name, value
        else:
            yield from comparisons(value, (*path, name))
