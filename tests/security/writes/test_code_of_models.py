"""Code of a model never reads a row that the caller may not see, and so cannot tell of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from tests.security.writes.writing import HIDDEN, MISSING, OPEN, ask
from tests.testapp import models

pytestmark = pytest.mark.usefixtures("attacked")

#: A foreign key to a hidden row: the model, the key, a key of no row, and what else is sent.
KEYS: dict[str, tuple[str, str, Any, Any, dict[str, Any]]] = {
    "rule": ("booking", "customer", HIDDEN, MISSING, {"status": "new"}),
    "rule-and-wrong-value": ("booking", "customer", HIDDEN, MISSING, {"status": "x" * 30}),
    "one-to-one": ("invoice", "booking", HIDDEN, MISSING, {"number": "A-9"}),
    "reverse": ("line", "booking", HIDDEN, MISSING, {"product": "mop"}),
    "manager": ("offer", "service", HIDDEN, MISSING, {"title": "fall"}),
}


def _clean(relation: str) -> Any:
    def clean(self: Any) -> None:
        raise ValidationError(f"A row that {getattr(self, relation)} stands in the way of.")

    return clean


def _full_clean(self: Model, **options: Any) -> None:
    Model.full_clean(self, **options)


@pytest.mark.parametrize("case", KEYS)
@pytest.mark.parametrize("code", ["clean", "full_clean"])
def test_a_hidden_row_looks_like_none(
    monkeypatch: pytest.MonkeyPatch, case: str, code: str
) -> None:
    model, relation, hidden, missing, values = KEYS[case]
    mine = {"full_clean": _full_clean, "clean": _clean(relation)}
    for name in ("clean", code):
        monkeypatch.setattr(getattr(models, model.title()), name, mine[name])

    replies = []
    for key in (hidden, missing):
        row = {relation: key, **values}
        ways: list[dict[str, Any]] = [
            {"_action": "add", **row},
            {"_action": "add", "_items": [row, {**row, relation: OPEN}]},
            {"_action": "edit", "id": OPEN, **row},
            {"_action": "bulk_edit", "filters": {"id": OPEN}, "_set": row},
        ]
        told = [ask(way, model) for way in ways]
        assert {400} == {status for status, _ in told}
        assert all("does_not_exist" in reply["codes"][relation] for _, reply in told)
        replies.append(str(told).replace(str(key), "KEY"))

    assert replies[0] == replies[1]
