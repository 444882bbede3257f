"""Pydantic models as Python code. No text of a server becomes code, but as a literal or a name."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from django_flex.client.commands.descriptions import Column, Described

_HEADER = '"""Models of an API, written by ``python -m django_flex.client models``."""'
_TAKEN = frozenset(dir(BaseModel))
_PROTECTED = ("model_dump", "model_validate")  # pydantic warns of what begins so
_MODULES = ("datetime", "decimal", "uuid")


class _Names:
    """Names of which none is given twice."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def free(self, wanted: str) -> str:
        """Return the name, with underscores after it if it is taken."""
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted


def source(collections: Iterable[Described]) -> str:
    """Return a module with a model for each collection.

    Objects inside a row, of which it has no key, are models of their own.
    """
    names = _Names({"Any", "BaseModel", "Field"})
    classes: list[str] = []
    for found in collections:
        name = names.free(class_name(found.label))
        classes += _classes(name, found, "", names)
    code = "\n\n\n".join(classes)
    return "\n".join([_HEADER, "", "from __future__ import annotations", "", *_imports(code)]) + (
        f"\n\n\n{code}\n" if code else "\n"
    )


def class_name(label: str) -> str:
    """Return a label as the name of a class."""
    words = re.findall(r"[A-Za-z0-9]+", label)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name and name.isidentifier() and not keyword.iskeyword(name) else f"Model{name}"


def _imports(code: str) -> Iterator[str]:
    modules = [name for name in _MODULES if re.search(rf"\b{name}\.[a-zA-Z]", code)]
    yield from (f"import {name}" for name in modules)
    if re.search(r"\bAny\b", code):
        yield "from typing import Any"
        modules.append("typing")
    if modules:
        yield ""
    yield (
        "from pydantic import BaseModel, Field"
        if " = Field(" in code
        else ("from pydantic import BaseModel")
    )


def _classes(name: str, found: Described, prefix: str, names: _Names) -> list[str]:
    """Return the class of what is below a path, after those of the objects inside."""
    inner: list[str] = []
    lines = [f"class {name}(BaseModel):"]
    if not prefix:
        lines += [f"    __collection__ = {found.collection!a}", ""]
    parts = _parts(found, prefix)
    attributes = _Names(_TAKEN.union(filter(_is_attribute, parts)))
    for part in parts:
        path = f"{prefix}{part}"
        column = found.columns.get(path)
        if column is None:
            inner_name = names.free(f"{name}{class_name(part)}")
            inner += _classes(inner_name, found, f"{path}.", names)
            column = _object(found, path, inner_name)
        lines.append(f"    {_attribute(part, column, attributes)}")
    if len(lines) <= 2:  # noqa: PLR2004 # nothing but the collection
        lines.append("    pass")
    return [*inner, "\n".join(lines)]


def _parts(found: Described, prefix: str) -> list[str]:
    """Return the names below a path: columns first, as they came."""
    below = [path[len(prefix) :] for path in found.columns if path.startswith(prefix)]
    return list(dict.fromkeys(path.split(".")[0] for path in below))


def _object(found: Described, path: str, name: str) -> Column:
    if path in found.many:
        return Column(annotation=f"list[{name}]", null=False)
    return Column(annotation=name, null=path not in found.required)


def _attribute(part: str, column: Column, attributes: _Names) -> str:
    annotation = (
        f"{column.annotation} | None"
        if column.null and column.annotation != "Any"
        else (column.annotation)
    )
    if _is_attribute(part):
        return f"{part}: {annotation}"
    cleaned = re.sub(r"[^A-Za-z0-9_]", "_", part).strip("_")
    if not _is_attribute(cleaned):
        cleaned = f"field_{cleaned}"
    return f"{attributes.free(cleaned)}: {annotation} = Field(alias={part!a})"


def _is_attribute(name: str) -> bool:
    """Say whether a field can have this name in a model: the others have an alias."""
    if not name.isidentifier() or keyword.iskeyword(name):
        return False
    if name.startswith(("_", *_PROTECTED)) or name in _TAKEN:
        return False
    return name == unicodedata.normalize("NFKC", name)  # as Python reads it
