"""A storage of django-storages' kind, far away: each question to it is counted."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.files.base import ContentFile
from storages.base import BaseStorage


class RemoteStorage(BaseStorage):  # type: ignore[misc]
    """Keeps files in memory, and signs the addresses of downloads."""

    files: ClassVar[dict[str, bytes]] = {}
    questions: ClassVar[list[tuple[str, str]]] = []

    def get_default_settings(self) -> dict[str, Any]:
        return {"location": "https://files.example.com/"}

    def _save(self, name: str, content: Any) -> str:
        self.files[name] = content.read()
        return name

    def _open(self, name: str, mode: str = "rb") -> Any:
        self.questions.append(("open", name))
        return ContentFile(self.files[name], name)

    def exists(self, name: str) -> bool:
        return name in self.files

    def delete(self, name: str) -> None:
        self.files.pop(name, None)

    def size(self, name: str) -> int:
        self.questions.append(("size", name))
        return len(self.files[name])

    def url(self, name: str) -> str:
        return f"{self.location}{name}?signature=abc"  # type: ignore[attr-defined]
