"""A text is the key of a row only if it is that key, and nothing more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.contenttypes.models import ContentType

from tests.marks.conftest import Ask
from tests.marks.models import Film, Sticker, Studio

KEY = UUID("0b8f6b4c-5a1d-4c39-9a53-2f1d2f6f7a10")
AROUND = ["{}\n", "{}\n\n", "\n{}", "{}\r\n", "{}\r", " {}", "{} ", "{}\t", "+{}", "{}.0", "{}x"]


@pytest.mark.parametrize("around", AROUND, ids=repr)
@pytest.mark.parametrize("model", [Film, Studio], ids=["number", "uuid"])
def test_a_text_with_more_in_it_is_no_key(
    ask: Ask, expose: Any, model: type[Film | Studio], around: str
) -> None:
    expose(
        sticker={
            "fields": ["*", "on.film.title", "on.studio.name"],
            "filters": ["*"],
            "order_by": ["id"],
            "ops": ["list"],
        }
    )
    kind = ContentType.objects.get_for_model(model)
    row = (
        Film.objects.create(title="Brazil")
        if model is Film
        else Studio.objects.create(pk=KEY, name="Brazil")
    )
    way = "film.title" if model is Film else "studio.name"
    for key in (str(row.pk), around.format(row.pk)):
        Sticker.objects.create(kind=kind, key=key, label=key)
    found = ask("sticker", "list", fields=f"label, on.{way}").results
    name, _, column = way.partition(".")
    assert ["Brazil", None] == [(one["on"][name] or {}).get(column) for one in found]
    named = ask("sticker", "list", filters={f"on.{way}": "Brazil"}).results
    assert [str(row.pk)] == [one["label"] for one in named]
