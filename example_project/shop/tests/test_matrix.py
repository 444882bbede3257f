"""The matrix of the shop: its picture is fresh, and it tells no less than the API allows."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_flex import FlexQuery
from django_flex.matrix import Cell, Matrix
from django_flex.schema.registry import Schema

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "matrix.py"
#: A user of each role.
USERS = {"anon": None, "customers": "luis", "agents": "jane", "managers": "andrew"}
MODELS = ("artist", "album", "track", "playlist", "employee", "customer", "invoice", "invoiceline")
#: Requests of each kind for each role and model.
REQUESTS = 25


def _script() -> Any:
    spec = spec_from_file_location("docs_matrix", PICTURE)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    found: Matrix = SCRIPT.shop()
    return found


def test_the_picture_is_fresh(matrix: Matrix) -> None:
    assert SCRIPT.TARGET.read_text() == SCRIPT.draw(matrix), "run: python docs/matrix.py"


def paths(model: str) -> Iterator[str]:
    """Yield every path from a model over two relations, whoever may use it."""
    resource = Schema().find(f"shop.{model}")
    waiting = [("", resource, 2)]
    while waiting:
        way, here, left = waiting.pop()
        yield from (f"{way}{name}" for name in here.attributes)
        if left:
            waiting += [
                (f"{way}{one.name}.", one.target, left - 1) for one in here.relations.values()
            ]


def opens(cell: Cell | None, clause: str, path: str, value: str = "") -> bool:
    for one in cell.openings if cell is not None else ():
        if (one.clause, one.path, one.inside) == (clause, path, ""):
            return not value or value in one.values or (clause == "filter" and "*" in one.values)
    return False


@pytest.mark.django_db
@pytest.mark.parametrize("role", USERS)
def test_what_random_requests_use_is_in_the_matrix(role: str, matrix: Matrix) -> None:
    name = USERS[role]
    user = None if name is None else get_user_model().objects.get(username=name)
    choose, accepted = random.Random(role), 0
    for model in MODELS:
        cell = matrix.models[model].get(role)
        every = sorted(paths(model))
        for path in choose.sample(every, min(REQUESTS, len(every))):
            operator = choose.choice(["exact", "in", "isnull", "icontains", "gte"])
            value = {"in": ["1"], "isnull": True}.get(operator, "1")
            asked: list[tuple[dict[str, Any], tuple[str, ...]]] = [
                ({"fields": path}, ("field", path)),
                ({"order_by": path, "fields": "id"}, ("order", path, "ascending")),
                (
                    {"filters": {f"{path}.{operator}": value}, "fields": "id"},
                    ("filter", path, operator),
                ),
                ({"_action": "aggregate", "group_by": path}, ("group", path)),
                (
                    {"_action": "aggregate", "aggregate": f"{path}.max"},
                    ("aggregate", f"{path}.max", "total"),
                ),
            ]
            for query, opening in asked:
                if FlexQuery(model).execute({**query, "limit": 1}, user=user).ok:
                    accepted += 1
                    assert opens(cell, *opening), (model, query)
    assert accepted > 20
