"""The words of Directus for the parts of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions.places import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What this dialect calls the parts of a request, for errors.
WORDS: Mapping[Part, str] = {
    Part.FIELDS: "fields",
    Part.FILTERS: "filter",
    Part.ORDER_BY: "sort",
    Part.COUNT: "meta",
    Part.RELATED: "deep",
    Part.GROUP_BY: "groupBy",
    Part.FORMAT: "export",
    Part.RETURNING: "fields",
    Part.KEYS: "keys",
    Part.ITEMS: "body",
    Part.SET: "data",
    Part.MAX_AFFECTED: "limit",
    Part.ADD: "create",
    Part.EDIT: "update",
    Part.REMOVE: "delete",
}
