"""The guide to generic foreign keys: its queries are granted by its settings, and say what it says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from django_flex import FlexQuery
from tests.marks.conftest import Rows

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
