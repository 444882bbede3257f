"""Files that are sent as forms: the texts are values of the item, the file is that of its column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, QueryError, ResourceNotFoundError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.dialects.base import Form
    from django_flex.schema.resources import Attribute, Resource


def form_body(form: Form) -> dict[str, object]:
    """Return the item in a form, without its file.

    Raises:
        QueryError: a part was sent twice, as when several files are sent at once.
    """
    body: dict[str, object] = {}
    for name, (first, *others) in form.texts:
        if others:
            raise QueryError(
                "This part has to be sent once",
                path=f"body.{excerpt(name)}",
                hint="send one file at a time",
            )
        body[name] = ParameterText(first)
    return body


def file_column(resource: Resource) -> Attribute:
    """Return the only column of files.

    Raises:
        ResourceNotFoundError: there is none, or more than one.
    """
    columns = [one for one in resource.attributes.values() if one.kind == "file"]
    if len(columns) != 1:
        raise ResourceNotFoundError("There is no such model")
    return columns[0]


def with_files(
    values: Mapping[str, object], payload: Mapping[str, Any], resource: Resource
) -> Mapping[str, object]:
    """Return the values of an item with its file, whatever the name of the part is.

    Raises:
        QueryError: there are two files, or a value for the column besides.
        InvalidValueError: a file is named by a text.
        ResourceNotFoundError: the model has no column for it.
    """
    files = payload.get("files")
    if not files:
        return values
    column = file_column(resource)
    if len(files) > 1:
        name = [*files][1]
        raise QueryError(
            "There is more than one file",
            path=f"body.{excerpt(name)}",
            hint="send one file at a time",
        )
    if column.name in values:
        raise InvalidValueError(
            worded("'{}' is the file itself", column.name), path=f"body.{column.name}"
        )
    return {**values, column.name: next(iter(files.values()))}
