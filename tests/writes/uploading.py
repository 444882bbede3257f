"""Forms with files, and the storage that they end up in."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from django.core.files.base import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.writes.conftest import GRANT

FILES = {"document": {"max_bytes": 1_000, "types": ["application/pdf", ".txt"]}, "photo": {}}
OPEN = {
    "wild.dossier": {"anon": {**GRANT, "files": FILES}},
    "wild.scan": {"anon": {**GRANT, "files": {"file": {}}}},
    "wild.news": {"anon": GRANT},
}
URL = "/api/wild.dossier/"


def stored(root: Any) -> list[str]:
    """Return the names of all files in the storage."""
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def text(name: str = "a.txt", content: bytes = b"hello", kind: str = "text/plain") -> File[bytes]:
    return SimpleUploadedFile(name, content, kind)


def image(name: str = "a.png") -> File[bytes]:
    from PIL import Image

    written = BytesIO()
    Image.new("RGB", (3, 2)).save(written, "PNG")
    return SimpleUploadedFile(name, written.getvalue(), "image/png")


def send(method: str, url: str = URL, headers: Any = None, **parts: Any) -> Any:
    """Send a form, and return the status and the JSON of the reply."""
    parts = {
        name: json.dumps(part) if isinstance(part, dict | list) and name == "_data" else part
        for name, part in parts.items()
    }
    body = encode_multipart(BOUNDARY, parts)
    reply = Client(raise_request_exception=False).generic(
        method, url, body, MULTIPART_CONTENT, headers=headers
    )
    return reply.status_code, reply.json()
