"""Pydantic models as Python code. No text of a server becomes code, but as a literal or a name."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from django_flex.client.commands.columns import Column, Described

HEADER = '"""Models of an API, written by ``python -m django_flex.client models``."""'
#: What annotations are made of: an attribute of that name would be meant in the next ones.
_ANNOTATIONS = frozenset(
    {"bool", "datetime", "decimal", "dict", "float", "int", "list", "str", "uuid"}
)
_TAKEN = frozenset(dir(BaseModel)) | _ANNOTATIONS
_PROTECTED = ("model_dump", "model_validate")  # pydantic warns of what begins so
_MODULES = ("datetime", "decimal", "uuid")
_ABSTRACT = ("Mapping", "Sequence")
_TYPING = ("Any", "Literal", "Required", "TypeAlias", "TypedDict")
#: Names that a module may need beside its models.
RESERVED = frozenset({*_ABSTRACT, *_TYPING, "BaseModel", "Field"})


class Names:
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
    names = Names(RESERVED)
    return module(HEADER, models(collections, names))


def models(collections: Iterable[Described], names: Names) -> list[str]:
    """Return the code of a model for each collection, and of those for objects inside its rows."""
    classes: list[str] = []
    for found in collections:
        name = names.free(class_name(found.label))
        classes += _classes(name, found, "", names)
    return classes


def module(header: str, parts: Iterable[str]) -> str:
    """Return a module of some parts, with the imports that they need."""
    code = "\n\n\n".join(parts)
    return "\n".join([header, "", "from __future__ import annotations", "", *_imports(code)]) + (
        f"\n\n\n{code}\n" if code else "\n"
    )


def class_name(label: str) -> str:
    """Return a label as the name of a class."""
    words = re.findall(r"[A-Za-z0-9]+", label)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name and name.isidentifier() and not keyword.iskeyword(name) else f"Model{name}"


def _imports(code: str) -> Iterator[str]:
    standard = [name for name in _MODULES if re.search(rf"\b{name}\.[a-zA-Z]", code)]
    lines = [f"import {name}" for name in standard]
    for origin, offered in (("collections.abc", _ABSTRACT), ("typing", _TYPING)):
        used = [name for name in offered if re.search(rf"\b{name}\b", code)]
        if used:
            lines.append(f"from {origin} import {', '.join(used)}")
    if lines:
        yield from (*lines, "")
    yield (
        "from pydantic import BaseModel, Field"
        if " = Field(" in code
        else ("from pydantic import BaseModel")
    )


def _classes(name: str, found: Described, prefix: str, names: Names) -> list[str]:
    """Return the class of what is below a path, after those of the objects inside."""
    inner: list[str] = []
    lines = [f"class {name}(BaseModel):"]
    if not prefix:
        lines += [f"    __collection__ = {found.collection!a}", ""]
    parts = _parts(found, prefix)
    attributes = Names(_TAKEN.union(filter(_is_attribute, parts)))
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


def _attribute(part: str, column: Column, attributes: Names) -> str:
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
