"""Who runs a command: tokens and cookies from the environment, or from a file of a login.

Neither is an argument of the command line, which every user of the machine can read in the list of
processes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django_flex.client.exceptions import ConfigurationError
from django_flex.client.flows.identity import Auth, Password, SessionCookie, StaticToken
from django_flex.client.shells.exporting import partial_file
from django_flex.client.shells.transport import server_of

TOKEN = "DJANGO_FLEX_TOKEN"  # noqa: S105 # the name of a variable
SESSION = "DJANGO_FLEX_SESSION"
SESSION_NAME = "DJANGO_FLEX_SESSION_NAME"
#: What Django calls the cookie, if the project does not say otherwise.
SESSION_ID = "sessionid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a login at ``server`` gave: a token with one to refresh it, or a session of Django's."""

    server: str
    token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    session_id: str = field(default="", repr=False)
    session_name: str = SESSION_ID
    csrf_token: str = field(default="", repr=False)

    def auth(self) -> Auth | None:
        """Return them as a client takes them."""
        if self.refresh_token:
            return Password(refresh_token=self.refresh_token)
        if self.session_id:
            return SessionCookie(self.session_id, self.csrf_token, self.session_name)
        return StaticToken(self.token) if self.token else None

    def variables(self) -> dict[str, str]:
        """Return the environment in which a command runs as this user."""
        if self.session_id:
            named = {} if self.session_name == SESSION_ID else {SESSION_NAME: self.session_name}
            return {SESSION: self.session_id, **named}
        return {TOKEN: self.token}


def from_environment(server: str, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return what the environment has; nothing in it is an anonymous caller."""
    return Credentials(
        server=server,
        token=environment.get(TOKEN, ""),
        session_id=environment.get(SESSION, ""),
        session_name=environment.get(SESSION_NAME) or SESSION_ID,
    )


def save(path: Path, credentials: Credentials) -> None:
    """Write a file that only its owner may read (mode 600), at once or not at all."""
    told = {name: value for name, value in asdict(credentials).items() if value}
    with partial_file(path) as file:
        file.write(json.dumps(told, indent=2).encode() + b"\n")  # noqa: TID251 # texts only


def from_file(path: Path, server: str) -> Credentials:
    """Read a file that ``save`` has written.

    Raises:
        ConfigurationError: others may read it, it is no such file, or it is for another server.
    """
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(f"Others may read {path} (hint: chmod 600 {path})")
    try:
        found = Credentials(**json.loads(path.read_bytes()))
    except (TypeError, ValueError):
        raise ConfigurationError(f"{path} is no file that 'login --save' has written") from None
    if not found.server or server_of(found.server) != server_of(server):
        raise ConfigurationError(f"{path} is for another server, {found.server}")
    return found
