"""Where the schema and the policies come from: files, or a server of Directus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django_flex.contrib.directus.importing.gaps import ImportFailedError
from django_flex.contrib.directus.importing.policies import PARTS

#: Lists that servers before version 11 do not have.
NEWER = frozenset({"policies", "access"})
_ABSENT = frozenset({403, 404})
_SECONDS = 30


def read_file(path: Path) -> Any:
    """Return the document in a file: JSON, or YAML if PyYAML is installed.

    Raises:
        ImportFailedError: it is neither.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix.lower() not in {".yaml", ".yml"}:
        try:
            return json.loads(text)
        except ValueError as error:
            raise ImportFailedError(f"{path} is no JSON: {error}") from error
    try:
        import yaml
    except ImportError:
        raise ImportFailedError(
            f"{path} is YAML: install PyYAML, or write JSON by 'directus schema snapshot --format json'"
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ImportFailedError(f"{path} is no YAML: {error}") from error


def read_server(url: str, token: str | None) -> tuple[Any, dict[str, Any]]:
    """Return the snapshot and the policies of a server, for the token of an administrator.

    Raises:
        ImportFailedError: it cannot be reached, or refuses.
    """
    try:
        import httpx2
    except ImportError:
        raise ImportFailedError("A URL needs httpx2: install the extra 'client'") from None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(headers=headers, timeout=_SECONDS) as client:

        def get(path: str, *, optional: bool = False) -> Any:
            try:
                response = client.get(f"{url.rstrip('/')}/{path}")
                if optional and response.status_code in _ABSENT:
                    return []
                response.raise_for_status()
                return response.json()["data"]
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
                raise ImportFailedError(f"{url} does not give /{path}: {_reason(error)}") from error

        snapshot = get("schema/snapshot")
        return snapshot, {n: get(f"{n}?limit=-1", optional=n in NEWER) for n in PARTS}


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is None:
        return str(error) or type(error).__name__
    return f"status {response.status_code}; it needs the token of an administrator"
