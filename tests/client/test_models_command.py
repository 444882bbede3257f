"""Models that the command line writes from what a server describes."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from django_flex.client import Client
from django_flex.client.commands.columns import Column, Described
from django_flex.client.commands.source import source
from tests.client.test_commands import DIRECTUS, FLEX, flex, ran, server

__all__ = ["flex"]


def made(code: str) -> dict[str, Any]:
    """The models of a module, by their names."""
    namespace: dict[str, Any] = {"__name__": "made"}
    exec(compile(code, "made", "exec"), namespace)
    models = {
        name: value
        for name, value in namespace.items()
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel
    }
    for model in models.values():
        model.model_rebuild(_types_namespace=namespace)
    return models


def test_models_of_this_package_read_its_rows(flex: Any) -> None:
    done = ran(flex, "models", FLEX)
    assert (done.exit_code, done.stderr) == (0, "")
    models = made(done.stdout)
    assert list(models) == ["Customer", "Company"]
    assert "    company: int | None\n" in done.stdout
    with httpx2.Client(transport=flex) as http:
        for model in models.values():
            assert isinstance(Client(FLEX, http=http).collection(model).get(1), model)


def test_models_of_directus_read_its_rows() -> None:
    here = server()
    done = ran(here.transport(), "models", DIRECTUS, "posts")
    assert "class Posts(BaseModel):\n    __collection__ = 'posts'\n\n    id: int\n" in done.stdout
    (model,) = made(done.stdout).values()
    with httpx2.Client(transport=here.transport()) as http:
        page = Client(DIRECTUS, http=http).collection(model).fields("id", "title").list()
    assert [row.title for row in page] == ["T1", "T2", "T3"]
    assert list(made(ran(here.transport(), "models", DIRECTUS).stdout)) == ["Posts", "Authors"]


def test_paths_become_models_inside_the_model() -> None:
    text, moment = (
        Column(annotation="str", null=False),
        Column(annotation="datetime.date", null=True),
    )
    paths = {"date": moment, "lines.product": text, "buyer.name": text, "buyer.city.name": text}
    found = Described(
        collection="orders", label="order", columns=paths,
        many=frozenset({"lines"}), required=frozenset({"buyer"}),
    )  # fmt: skip
    models = made(source([found]))
    assert list(models) == ["OrderLines", "OrderBuyerCity", "OrderBuyer", "Order"]
    row = {
        "date": "2026-01-02",
        "lines": [{"product": "mop"}],
        "buyer": {"name": "A", "city": None},
    }
    assert json.loads(models["Order"].model_validate(row).model_dump_json()) == row


HOSTILE = [
    "x: int = __import__('os').system('true')", "a\nimport os", '"""', "class", "_x", "model_dump",
    "copy", "1st", "two words", "größe", "\ufb01x", "", "date", "datetime", "uuid", "int", "x", "x_",
]  # fmt: skip


def test_no_name_of_a_server_becomes_code() -> None:
    columns = {name: Column(annotation="int", null=True) for name in HOSTILE if "." not in name}
    columns["day"] = Column(annotation="datetime.date", null=True)
    found = [Described(collection=name, label=name, columns=columns) for name in HOSTILE]
    models = made(source(found))
    assert len(models) == len(HOSTILE)
    row = dict.fromkeys(columns, 1) | {"day": "2026-01-02"}
    for model in models.values():
        kept = model.model_validate(row).model_dump(by_alias=True, mode="json")
        assert kept == row


@pytest.mark.parametrize(
    "body", [{"models": 5}, {"models": {"a": {"url": "/api/a/"}}, "fields": {}}, []]
)
def test_what_is_no_description_is_one_line(body: Any) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
    done = ran(transport, "models", FLEX, "--dialect", "flex")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "error: The server's description has at" in done.stderr
