"""The guide to generic foreign keys: its settings grant what it asks, and replies are as it says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from django_flex import FlexQuery
from tests.marks.conftest import Rows, point
from tests.marks.models import Actor, Film, Mark

GUIDE = Path(__file__).parents[2] / "docs/how-to/relate-to-any-model.md"


def _blocks(language: str) -> list[str]:
    text = GUIDE.read_text().replace("shop.film", "marks.film")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _grants() -> dict[str, Any]:
    """The grants of its first settings; films here have no ``released``."""
    (settings,) = [block for block in _blocks("python") if "target.actor.name" in block]
    entries = ast.literal_eval(settings.partition("DJANGO_FLEX = ")[2])["EXPOSE"]
    grants = {name: entry["authenticated"] for name, entry in entries.items()}
    assert {"released": True} == grants["film"]["rows"]
    return {**grants, "film": {**grants["film"], "rows": {"secret": False}}}


def test_its_queries_are_granted_by_its_settings(expose: Any, marked: Rows) -> None:
    expose(**_grants())
    queries = [json.loads(one) for one in _blocks("json") if '"fields"' in one or "filters" in one]
    key = next(one["filters"] for one in queries if "target.id" in one.get("filters", {}))
    key["target.id"] = marked.alien.pk

    replies = [
        FlexQuery("mark").execute({"fields": "text, target.film.title", **query}).to_dict()
        for query in queries
    ]

    shown = [sorted(row["text"] for row in reply.get("results", {}).values()) for reply in replies]
    assert [["a1", "a2", "b1", "d1", "n1", "n2", "n3"], ["a1", "a2"], ["a1", "a2"]] == shown
    first = {row["text"]: row["target"] for row in replies[0]["results"].values()}
    film = {"type": "marks.film", "id": marked.alien.pk, "film": {"title": "Alien"}, "actor": None}
    assert film == first["a1"]
    assert (None, {"name": "Ann"}) == (first["n1"]["film"], first["n1"]["actor"])


def _sent(start: str) -> dict[str, Any]:
    """The first JSON of the guide that begins in a way."""
    found: dict[str, Any] = json.loads(
        next(one for one in _blocks("json") if one.startswith(start))
    )
    return found


def _of(row: Film, shown: dict[str, Any]) -> dict[str, Any]:
    """What the guide shows of a film, of one with another key."""
    return {**shown, "target": {**shown["target"], "id": row.pk}}


def test_its_models_have_the_columns_of_those_here() -> None:
    (declared,) = [block for block in _blocks("python") if "GenericForeignKey()" in block]
    fields = dict(re.findall(r"^    (\w+) = models\.(\w+)\(", declared, re.MULTILINE))
    fields.pop("released")
    here = {one.name: type(one) for kind in (Mark, Film, Actor) for one in kind._meta.fields}
    assert fields == {name: here[name].__name__ for name in fields}


def test_its_reply_is_that_of_its_query(expose: Any, db: None) -> None:
    expose(**_grants())
    alien = Film.objects.create(title="Alien")
    Mark.objects.create(text="Good", **point(alien))

    query = _sent('{"fields"')
    (row,) = FlexQuery("mark").execute({**query, "shape": "list"}).to_dict()["results"]

    del row["id"]
    assert _of(alien, _sent('{\n  "text"')) == row


def test_its_write_points_to_the_film(expose: Any, db: None) -> None:
    grants = _grants()
    mark = grants["mark"]
    alien, hidden = Film.objects.create(title="Alien"), Film.objects.create(title="B", secret=True)
    write = _sent('{"_action"')
    for written, films, status, code in (
        (mark["fields"], alien, 201, None),
        (["text", "target"], alien, 201, None),
        (["text", "content_type", "object_id"], alien, 201, None),
        (["*"], alien, 201, None),
        (["text", "object_id"], alien, 403, None),
        (["text", "target"], hidden, 400, "does_not_exist"),
    ):
        expose(**grants | {"mark": {**mark, "write_fields": written, "ops": ["list", "add"]}})
        result = FlexQuery("mark").execute(_of(films, write))
        reply = result.to_dict()
        assert status == result.status_code, (written, reply)
        if status == 201:
            assert alien == Mark.objects.latest("pk").target
        if code is not None:
            assert {"target": [code]} == reply["codes"]


def test_its_exclusion_closes_what_is_behind_the_key(expose: Any, settings: Any, db: None) -> None:
    expose(**_grants())
    (excluding,) = [block for block in _blocks("python") if '"exclude"' in block]
    settings.DJANGO_FLEX["EXPOSE"] |= {
        name: {("anon" if key == "authenticated" else key): one for key, one in entry.items()}
        for name, entry in ast.literal_eval(f"{{{excluding}}}").items()
    }
    Mark.objects.create(text="Good", **point(Film.objects.create(title="Alien")))

    for path in ("target", "target.film.title", "target.type", "content_type"):
        assert 403 == FlexQuery("mark").execute({"fields": path}).status_code, path
        assert 403 == FlexQuery("mark").execute({"filters": {path: "x"}}).status_code, path
    (row,) = FlexQuery("mark").execute({"shape": "list"}).to_dict()["results"]
    assert "Good" == row["text"]
    assert {"content_type", "target"}.isdisjoint(row)
