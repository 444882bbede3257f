"""What a matrix says: operations, rules, openings and the lines that grant them, and findings."""

from __future__ import annotations

import copy
import random
import re
from functools import partial
from typing import Any

import pytest
from django.db.models import F, Q
from django.db.models.functions import Lower

from django_flex.matrix import (
    Matrix,
    Opening,
    as_html,
    as_json,
    as_markdown,
    make_matrix,
    read_json,
)
from django_flex.matrix.json_text import UnreadableMatrixError
from django_flex.matrix.rules import text_of
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.limits import Limits
from tests.describe.test_described import EXPOSE
from tests.random_search import SEED, some
from tests.testapp.models import Booking


def matrix_of(expose: dict[str, Any], **words: Any) -> Matrix:
    policy, problems = compile_policy(expose, **words)
    assert [one for one in problems if one.id.startswith("E")] == []
    return make_matrix(policy, Limits())


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return matrix_of(EXPOSE)


def opening(matrix: Matrix, model: str, role: str, clause: str, path: str) -> Opening | None:
    found = [
        one
        for one in matrix.models[model][role].openings
        if (one.clause, one.path, one.inside) == (clause, path, "")
    ]
    return found[0] if found else None


def test_the_keys_of_related_rows_are_told_by_the_name_alone(matrix: Matrix) -> None:
    """Who may read ``lines`` may filter by it, which tells nothing more."""
    assert opening(matrix, "booking", "superuser", "field", "lines") is not None
    assert opening(matrix, "booking", "superuser", "filter", "lines") is not None
    findings = " ".join(matrix.models["booking"]["superuser"].findings)
    assert "'lines' cannot be read" not in findings
    assert opening(matrix, "booking", "anon", "field", "lines") is None


def test_roles_are_those_of_all_entries_from_the_most_trusted() -> None:
    grant = {"fields": ["id"], "ops": ["list"]}
    roles = dict.fromkeys(("anon", "clerk", "authenticated", "boss", "superuser"), grant)

    assert matrix_of({"line": roles}).roles == (
        "superuser",
        "boss",
        "clerk",
        "authenticated",
        "anon",
    )


def test_a_role_that_falls_back_has_what_it_reaches_itself() -> None:
    expose = {
        "line": {"anon": {"fields": "*", "ops": ["list"]}},
        "booking": {"clerk": {"fields": ["status"], "ops": ["list"]}},
    }
    matrix = matrix_of(expose)

    assert matrix.models["line"]["clerk"].granted_as == "anon"
    assert opening(matrix, "line", "clerk", "field", "booking.status") is not None
    assert opening(matrix, "line", "anon", "field", "booking.status") is None
    assert "anon" not in matrix.models["booking"]


def test_a_line_of_the_settings_is_named(matrix: Matrix) -> None:
    found = opening(matrix, "booking", "staff", "filter", "customer.name")

    assert found is not None
    assert found.values == ("*",)
    assert found.by == ("EXPOSE['booking']['staff']['filters']: 'customer.name.*'",)


def test_a_path_over_a_relation_names_both_entries() -> None:
    grant = {"fields": "*", "ops": ["list"]}
    matrix = matrix_of({"line": {"anon": grant}, "booking": {"anon": grant}})
    found = opening(matrix, "line", "anon", "field", "booking.status")

    assert found is not None
    assert found.by == (
        "EXPOSE['line']['anon']['fields']: '*'",
        "EXPOSE['booking']['anon']['fields']: '*'",
    )


#: What two roles are granted term by term.
TERMS = {
    name: {key: grant for key, grant in entry.items() if key in {"exclude", "staff", "anon"}}
    for name, entry in EXPOSE.items()
}
_LINE = re.compile(r"EXPOSE\['(\w+)'\]\['(\w+)'\]\['(\w+)'\]: '(.+)'")


@pytest.mark.exhaustive
def test_without_its_only_line_nothing_is_opened() -> None:
    """Take lines out of the settings, one by one: what only that line opens is closed."""
    lines: dict[str, list[tuple[str, str, Opening]]] = {}
    for model, cells in matrix_of(TERMS).models.items():
        for role, cell in cells.items():
            for one in cell.openings:
                if len(one.by) == 1 and _LINE.fullmatch(one.by[0]):
                    lines.setdefault(one.by[0], []).append((model, role, one))
    assert len(lines) > 30
    for line in random.Random(SEED).sample(sorted(lines), some(len(lines))):
        after = matrix_of(_without(line))
        for model, role, one in lines[line]:
            there = after.models[model].get(role)
            left = {other.subject: other for other in there.openings} if there is not None else {}
            # What is left of it comes from another line, which opened less of it.
            assert one.subject not in left or left[one.subject].by != one.by, (line, one)


def _without(line: str) -> dict[str, Any]:
    """Return the settings without a line, of which only the term is gone."""
    fewer = copy.deepcopy(TERMS)
    found = _LINE.fullmatch(line)
    assert found is not None
    entry, role, key, term = found.groups()
    written = fewer[entry][role][key]
    fewer[entry][role][key] = [] if written == "*" else [one for one in written if one != term]
    return fewer


def test_everything_has_a_line(matrix: Matrix) -> None:
    without = [
        (model, role, one)
        for model, cells in matrix.models.items()
        for role, cell in cells.items()
        for one in cell.openings
        if not one.by
    ]

    assert without == []


def test_rules_are_the_text_of_the_settings() -> None:
    def hidden(user: Any) -> Q:
        """Say nothing."""
        return Q(status="hidden")  # not shown

    grant: dict[str, Any] = {"fields": ["id", "status"], "ops": ["list", "edit", "add"]}
    expose: dict[str, Any] = {
        "booking": {
            "a": {**grant, "rows": lambda user: Q(customer__name=user.username), "min_group": 5},
            "b": {**grant, "rows": hidden, "queryset": None} | {},
            "c": {**grant, "rows": {"status.in": {"b", "a"}} and {"status": "x"}},
            "d": {**grant, "edit": {"rows": {"urgent": True}, "presets": {"status": "x"}}},
            "e": {**grant, "check": Q(urgent=True) & ~Q(status="y")},
        }
    }
    del expose["booking"]["b"]["queryset"]
    cells = matrix_of(expose).models["booking"]

    assert cells["a"].rules == {
        "rows": "lambda user: Q(customer__name=user.username)",
        "min_group": "5",
    }
    assert cells["b"].rules["rows"] == "def hidden(user: Any) -> Q: return Q(status='hidden')"
    assert cells["c"].rules == {"rows": "{'status': 'x'}"}
    assert cells["d"].rules == {
        "rows": "all",
        "edit.rows": "{'urgent': True}",
        "edit.presets.status": "'x'",
    }
    assert cells["e"].rules["check"] == "(urgent=True AND NOT (status='y'))"


def test_a_queryset_and_a_resolver_restrict_rows_as_well() -> None:
    entry = {
        "anon": {"fields": ["id"], "ops": ["list"]},
        "queryset": lambda user: Booking.objects.filter(urgent=True),
    }
    matrix = matrix_of({"booking": entry}, resolver=lambda user, model: "anon")

    assert matrix.models["booking"]["anon"].rules["rows"] == (
        "those of ROLE_RESOLVER, or all, of what the entry's queryset gives: "
        "lambda user: Booking.objects.filter(urgent=True)"
    )


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Q(status__in={"b", "a"}), "(status__in={'a', 'b'})"),
        (Q(a=1) | Q(b=F("c")), "(a=1 OR b=F(c))"),
        (Q(name=Lower("x")), "(name=Lower(F(x)))"),
        (len, "builtins.len"),
        (object(), "<object object>"),
        ([1, ("a",)], "[1, ['a']]"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_in_a_rule_is_the_same_in_every_process(rule: object, text: str) -> None:
    assert text_of(rule) == text


def _rule(user: Any, status: str) -> Q:
    return Q(status=status)


def test_code_that_is_made_at_run_time_is_told_as_far_as_it_can_be() -> None:
    made: dict[str, Any] = {}
    exec("def rule(user): return None", {"__name__": "made"}, made)

    assert text_of(made["rule"]) == "made.rule"
    assert text_of(partial(_rule, status="x")) == (
        "partial(def _rule(user: Any, status: str) -> Q: return Q(status=status), status='x')"
    )
    assert text_of(partial(len, [1])) == "partial(builtins.len, [1])"


def test_a_text_of_a_rule_reads_nothing() -> None:
    # There is no database here, so this would fail.
    assert text_of(Q(pk__in=Booking.objects.all())) == "(pk__in=a queryset of testapp.booking)"
    assert text_of({"id": Booking(pk=5)}) == "{'id': a row of testapp.booking}"


def test_two_lambdas_in_one_line_are_told_apart() -> None:
    first, second = lambda user: Q(a=1), lambda user: Q(b=2)

    assert text_of(first) == "lambda user: Q(a=1)"
    assert text_of(second) == "lambda user: Q(b=2)"


def test_what_can_be_told_and_not_read_is_found() -> None:
    grant = {
        "fields": ["id", "metadata.theme"],
        "filters": [
            "name",
            "email.icontains",
            "metadata.level.gte",
            "company.name",
            "booking.count",
        ],
        "order_by": ["email", "id"],
        "aggregates": ["count", "booking.count", "email.max", "booking.price.sum"],
        "ops": ["list", "add", "aggregate"],
        "write_fields": ["name", "email"],
    }
    cell = matrix_of({"customer": {"clerk": grant}}).models["customer"]["clerk"]

    assert cell.findings == (
        "'booking.price' cannot be read, but aggregated: its values can be told",
        "'company.name' cannot be read, but filtered by: its values can be told",
        "'email' cannot be read, but filtered by and sorted by and aggregated: its values can be told",
        "'metadata.level' cannot be read, but filtered by: its values can be told",
        "'name' cannot be read, but filtered by: its values can be told",
    )


def test_large_groups_tell_no_single_value() -> None:
    grant = {
        "fields": ["id"],
        "aggregates": ["price.sum"],
        "ops": ["aggregate"],
        "min_group": 5,
    }

    assert matrix_of({"booking": {"clerk": grant}}).models["booking"]["clerk"].findings == ()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, False),
        ({"rows": {"id.gt": 3}}, True),
        ({"ops": ["add"]}, True),
        ({"fields": ["id"], "write_fields": ["sku"]}, True),
    ],
    ids=["all-rows", "some-rows", "no-list", "not-read"],
)
def test_a_unique_column_tells_whether_a_hidden_row_has_a_value(more: Any, told: bool) -> None:
    grant = {"fields": ["id", "sku"], "ops": ["list", "add"], **more}
    findings = matrix_of({"product": {"clerk": grant}}).models["product"]["clerk"].findings
    text = "'sku' is unique: add tells whether a hidden row has a value"

    assert (text in findings) == told


def test_what_the_review_warns_of_is_a_finding() -> None:
    grant = {"fields": ["id"], "ops": ["list", "edit"], "write_fields": ["is_superuser"]}
    findings = matrix_of({"user": {"clerk": grant}}).models["user"]["clerk"].findings

    assert findings == ("W025: With 'edit' the role may grant permissions: is_superuser",)


def test_a_delete_opens_the_rows_that_go_with_it() -> None:
    expose = {
        "customer": {"clerk": {"fields": ["id"], "ops": ["list", "delete"]}},
        "booking": {"clerk": "*"},
    }
    cascades = [
        (one.path, one.values, one.by)
        for one in matrix_of(expose).models["customer"]["clerk"].openings
        if one.clause == "delete"
    ]

    assert ("testapp.booking", ("delete",), ("EXPOSE['booking']['clerk']: '*'",)) in cascades


@pytest.mark.parametrize(
    ("booking", "by"),
    [
        ({"fields": "*", "ops": ["edit"]}, ("EXPOSE['booking']['clerk']['ops']: 'edit'",)),
        ({"fields": ["status"], "ops": ["edit"]}, None),
        ({"fields": "*", "ops": ["list"]}, None),
    ],
    ids=["edit", "other-field", "list"],
)
def test_a_delete_opens_columns_that_it_empties(booking: Any, by: Any) -> None:
    expose = {
        "address": {"clerk": {"fields": ["id"], "ops": ["delete"]}},
        "booking": {"clerk": booking},
    }
    found = opening(matrix_of(expose), "address", "clerk", "delete", "testapp.booking")

    assert (None if found is None else (found.values, found.by)) == (
        None if by is None else (("edit address",), by)
    )


def test_a_cascade_is_opened_by_its_own_line() -> None:
    grant = {"fields": ["id"], "ops": ["delete"], "delete": {"cascade": ["booking"]}}
    found = opening(
        matrix_of({"customer": {"clerk": grant}}), "customer", "clerk", "delete", "testapp.booking"
    )

    assert found is not None
    assert found.by == ("EXPOSE['customer']['clerk']['delete']['cascade']",)


def test_a_search_of_a_list_has_the_line_of_the_outer_grant() -> None:
    grant = {"fields": ["id", "lines.product"], "search": ["lines.product"], "ops": ["list"]}
    line = {"fields": ["product"], "search": ["product"], "ops": ["list"]}
    cell = matrix_of({"booking": {"clerk": grant}, "line": {"clerk": line}}).models["booking"]
    found = [one for one in cell["clerk"].openings if one.clause == "search"]

    assert [(one.inside, one.path) for one in found] == [("", "lines.product")]
    assert found[0].by == ("EXPOSE['booking']['clerk']['search']: 'lines.product'",)


def test_json_is_read_as_it_was_written(matrix: Matrix) -> None:
    assert read_json(as_json(matrix)) == matrix
    assert as_json(read_json(as_json(matrix))) == as_json(matrix)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"form": 2, "version": null, "roles": [], "models": {}}', b"\xff"],
    ids=["empty", "list", "form", "bytes"],
)
def test_another_text_is_no_matrix(text: str | bytes) -> None:
    with pytest.raises(UnreadableMatrixError):
        read_json(text)


def test_an_unknown_clause_is_no_matrix(matrix: Matrix) -> None:
    text = as_json(matrix).replace('"clause":"field"', '"clause":"fields"')

    with pytest.raises(UnreadableMatrixError, match="no clause 'fields'"):
        read_json(text)


ODD = "<b>&'|`\"*_"


def test_every_name_is_escaped_on_the_page() -> None:
    expose = {"line": {ODD: {"fields": ["id"], "ops": ["list"], "rows": {"product": ODD}}}}
    page = as_html(matrix_of(expose))

    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page
    assert "<script" not in page
    assert "http" not in page


def test_no_name_breaks_a_table_of_markdown() -> None:
    expose = {"line": {ODD: {"fields": ["id"], "ops": ["list"], "rows": {"product": ODD}}}}
    lines = as_markdown(matrix_of(expose)).splitlines()
    tables = [re.sub(r"\\.", "", line).strip("|") for line in lines if line.startswith("|")]

    assert {line.count("|") for line in tables} == {1, 2}


def test_roles_that_may_do_the_same_share_a_section(matrix: Matrix) -> None:
    grant = {"fields": ["id"], "ops": ["list"]}
    text = as_markdown(matrix_of({"line": {"boss": grant, "anon": grant, "clerk": "*"}}))

    assert "### boss, anon" in text
    assert "### clerk" in text
