"""What the guide to generic relations says of tags is what its settings do."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from taggit.models import Tag

from tests.ecosystem.conftest import ask
from tests.ecosystem.tagged_models import Photo

GUIDE = Path(__file__).parents[2] / "docs/how-to/relate-to-any-model.md"
TAGS = GUIDE.read_text().partition("\n## Tags\n")[2].replace('"film"', '"ecosystem.photo"')


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TAGS, re.DOTALL)


def entries(block: str) -> dict[str, Any]:
    """What is exposed, to callers that nobody has to sign in."""
    found: dict[str, Any] = ast.literal_eval(block)
    return {name: {"anon": entry["authenticated"]} for name, entry in found.items()}


@pytest.fixture
def exposed_as_there(settings: Any) -> dict[str, Any]:
    films, _ = blocks("python")
    expose = entries(ast.unparse(ast.parse(films).body[0].value.values[0]))  # type: ignore[attr-defined]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    return expose


def test_its_write_adds_tags_that_its_filters_find(exposed_as_there: dict[str, Any]) -> None:
    (write,) = blocks("json")
    sent = json.loads(write)
    status, row = ask("photo", sent.pop("_action"), **sent, _fields="title, tags")

    assert (201, sent) == (status, row)
    for filters in ({"tags": "horror"}, {"tags.in": ["space", "other"]}):
        status, reply = ask("photo", "list", filters=filters)
        assert (200, 1) == (status, len(reply["results"])), reply


def test_a_vocabulary_is_fixed_by_its_entry(
    settings: Any, exposed_as_there: dict[str, Any]
) -> None:
    _, tags = blocks("python")
    expose = {**exposed_as_there, **entries(f"{{{tags}}}")}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    Tag.objects.create(name="horror")

    assert 201 == ask("photo", "add", title="Alien", tags=["horror"])[0]
    assert 400 == ask("photo", "add", title="Aliens", tags=["horror", "invented"])[0]
    assert ["Alien"] == list(Photo.objects.values_list("title", flat=True))
    assert not Tag.objects.filter(name="invented").exists()
