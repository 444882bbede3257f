"""What the stand-in for Directus refuses, as Directus words it."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 # what a server does
    """An error of the server, with its status and code."""

    def __init__(self, status: int, code: str, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}


def forbidden() -> Refusal:
    return Refusal(403, "FORBIDDEN", "You don't have permission to access this.")
