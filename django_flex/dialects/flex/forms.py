"""The payload of a form: a part for each field, or JSON in the part ``_data`` that names the files.

In JSON, ``{"$file": "scan"}`` is the file in the part ``scan``. A file in a part that JSON does not
name belongs to the column with the name of the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.decoding import parse_json
from django_flex.dialects.flex.parser import RESERVED, as_mapping
from django_flex.exceptions import ContentTooLargeError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from django_flex.dialects.base import Form
    from django_flex.query.limits import Limits

DATA = "_data"
FILE = "$file"
#: Keys whose values are objects or lists, which a text is not.
_STRUCTURED = frozenset({"_items", "_set", "_batch", "filters"})
_NO_COLUMNS = frozenset({"id", "filters"})
#: Forms that Django renders have a part with the token; the check has read it.
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of the part


def decode_form(form: Form, limits: Limits, *, lists: bool) -> Mapping[str, object]:
    """Return the payload of a form, with the files themselves as values.

    Args:
        form: the parts.
        limits: the caps that apply.
        lists: whether the JSON may be a list of rows to add.

    Raises:
        RequestError: ``_data`` is not JSON.
        QueryError: a part is not named by the JSON, or a name has several values.
    """
    texts = {name: values for name, values in form.texts if name != _TOKEN}
    if not (DATA in texts or DATA in form.files):
        return _fields(texts, form.files)
    if DATA in texts and DATA in form.files:
        raise _sent_twice(DATA)
    others = [name for name in texts if name != DATA]
    if others:
        raise QueryError(
            "The values belong in the JSON",
            path=excerpt(others[0]),
            hint=worded("put it in '{}'", DATA),
        )
    files = {name: one for name, one in form.files.items() if name != DATA}
    return _data(_json(texts.get(DATA), form.files.get(DATA), limits), files, lists=lists)


def _json(values: list[str] | None, file: UploadedFile[bytes] | None, limits: Limits) -> object:
    """Return the JSON, which is in a file if the client has given the part a media type."""
    if file is not None:
        if (file.size or 0) > limits.max_body_bytes:
            raise ContentTooLargeError(
                worded("The part '{}' is too large", DATA),
                hint=worded("at most {} bytes", limits.max_body_bytes),
            )
        return parse_json(file.read(), limits, DATA)
    if values is None or len(values) != 1:
        raise _sent_twice(DATA)
    return parse_json(values[0].encode(errors="replace"), limits, DATA)


def _data(
    value: object, files: Mapping[str, UploadedFile[bytes]], *, lists: bool
) -> dict[str, object]:
    if lists and isinstance(value, list):
        value = {"_items": value}
    named: set[str] = set()
    payload = {
        key: _with_files(part, files, named) for key, part in as_mapping(value, DATA).items()
    }
    for name, one in files.items():
        if name in named:
            continue
        if name in payload:
            raise QueryError(
                worded("The file '{}' and the JSON are values of the same column", excerpt(name)),
                path=excerpt(name),
                hint=worded('{{"{}": "{}"}} in the JSON is the file', FILE, excerpt(name)),
            )
        payload[name] = _of_a_column(name, one)
    return payload


def _with_files(value: object, files: Mapping[str, UploadedFile[bytes]], named: set[str]) -> object:
    """Return a JSON value with files in place of what names them; its depth is limited already."""
    if isinstance(value, Mapping):
        name = value.get(FILE)
        if len(value) == 1 and isinstance(name, str) and name in files:
            named.add(name)
            return files[name]
        return {key: _with_files(part, files, named) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_files(part, files, named) for part in value]
    return value


def _fields(
    texts: Mapping[str, list[str]], files: Mapping[str, UploadedFile[bytes]]
) -> Mapping[str, object]:
    payload: dict[str, object] = {}
    for name, values in texts.items():
        if name in _STRUCTURED:
            raise QueryError(
                worded("'{}' cannot be a text", name),
                path=name,
                hint=worded("send JSON in the part '{}'", DATA),
            )
        parts = [ParameterText(value) for value in values]
        payload[name] = parts[0] if len(parts) == 1 else parts
    for name, one in files.items():
        if name in payload:
            raise _sent_twice(name)
        payload[name] = _of_a_column(name, one)
    return payload


def _of_a_column(name: str, file: UploadedFile[bytes]) -> UploadedFile[bytes]:
    """Return a file whose part is named like a column, not like a key of the language."""
    if name in RESERVED or name in _NO_COLUMNS:
        raise QueryError("No value names this file", path=excerpt(name))
    return file


def _sent_twice(name: str) -> QueryError:
    return QueryError("This part has to be sent once", path=excerpt(name))
