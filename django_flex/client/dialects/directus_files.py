"""Files of Directus: rows of ``directus_files``, added and replaced by forms, read as assets."""

from __future__ import annotations

from typing import Any

from django_flex.client.exceptions import BuildError, Unsupported
from django_flex.client.messages import Request
from django_flex.client.values.encoding import dumps, key_of
from django_flex.client.values.forms import Form, Part, taken_out
from django_flex.client.values.uploads import Upload

_FILES = "directus_files"
_WORDS = {None: "null", True: "true", False: "false"}


def form_of(collection: str, body: Any) -> Form | None:
    """Return the form for a row with a file; ``None`` if there is no file in it.

    What is said about a file comes before it, since Directus stores it as it arrives.

    Raises:
        Unsupported: there are several files, or they belong to another collection.
    """
    _, files = taken_out(body, "")
    if not files:
        return None
    if collection != _FILES:
        raise Unsupported(
            f"Directus takes files in {_FILES!r} only: create a row there, and write its id here"
        )
    row = body if isinstance(body, dict) else {}
    uploads = [(name, value) for name, value in row.items() if isinstance(value, Upload)]
    if len(files) > 1 or not uploads:
        raise Unsupported("Directus takes one file at a time, as a value of the row")
    texts = [(name, value) for name, value in row.items() if not isinstance(value, Upload)]
    parts = [Part(name, _text(value)) for name, value in texts]
    return Form((*parts, Part(*uploads[0])))


def file_of(
    collection: str, key: object, transform: tuple[tuple[str, str], ...], *, stream: bool
) -> Request:
    """Return the request for the bytes of a file; ``transform`` are parameters for an image.

    Raises:
        BuildError: the key is none of a file.
        Unsupported: the rows of this collection are no files.
    """
    if collection != _FILES:
        raise Unsupported(f"Directus has files in {_FILES!r} only")
    return Request(
        method="GET",
        path=asset_path(key),
        params=(("download", ""), *transform),
        headers={"Accept": "*/*"},
        safe=True,
        stream=stream,
        for_file=True,
    )


def asset_path(key: object) -> str:
    """Return the path of the bytes of a file.

    Raises:
        BuildError: the key is no single segment of a path.
    """
    text = str(key_of(key))
    if not text or any(letter in text for letter in "/?#%\\") or text in {".", ".."}:
        raise BuildError(f"{text!r} is not the key of a file")
    return f"assets/{text}"


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return value if isinstance(value, str) else dumps(value).decode()
