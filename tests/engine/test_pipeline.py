"""The pipeline in the code is the one that the page on the architecture shows."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path

from django_flex.engine import answer, execution
from django_flex.engine.pipeline import Stages
from django_flex.query.operations import READ_OPERATIONS, WRITE_OPERATIONS

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md"
#: A cap that belongs to the plan, and what a transaction is around.
BESIDE = {"check_cost", "transact"}


def test_the_page_has_the_stages_in_the_order_of_the_code() -> None:
    table = PAGE.read_text().partition("| stage |")[2].partition("\n\n")[0]
    shown = re.findall(r"^\| (\w+) \|", table, re.MULTILINE)

    named = [one.name for one in fields(Stages) if one.name not in BESIDE]
    assert shown == [*named, "reply"]


def test_answer_calls_the_stages_in_this_order() -> None:
    calls = [
        (node.lineno, node.func.attr)
        for node in ast.walk(ast.parse(inspect.getsource(answer)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    stages = [name for _, name in sorted(calls) if name in {"reply", *Stages.__slots__}]

    assert [
        "parse",
        "authorize",
        "plan",
        "check_cost",
        "read",
        "shape",
        "reply",
        "transact",
    ] == stages


def test_each_operation_of_a_model_has_its_stages() -> None:
    assert READ_OPERATIONS | WRITE_OPERATIONS == execution.ANSWERS.keys()
