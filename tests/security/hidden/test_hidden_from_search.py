"""No oracle: searches and computed fields tell nothing of what the caller may not see."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Coalesce, Concat, Length, Upper
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.random_search import same, some
from tests.security.hidden import test_hidden_data
from tests.security.hidden.test_hidden_data import (
    BOOKING,
    DENIED,
    EXPOSE,
    ROLES,
    TEXTS,
    ask,
    change_hidden_data,
)

world = test_hidden_data.world  # the fixture

COMPUTED = {
    "booking": {
        "who": Upper("customer__name"),
        "label": Concat("status", Value("/"), Coalesce("team__name", Value("-"))),
        "employer": Upper("customer__company__name"),
        "noted": Length("internal_notes"),
    },
    "customer": {
        "loud": Upper("name", output_field=CharField()),
        "boss": Upper("company__name"),
    },
    "line": {"about": Concat("product", Value(" of "), "booking__status")},
}
PATHS = [
    "who",
    "label",
    "employer",
    "customer.loud",
    "customer.boss",
    "lines.about",
    "customer.name",
    "status",
]
SEARCHED = [
    *PATHS,
    *DENIED,
    "customer.email",
    "invoice.number",
    "team.name",
    "team.members.username",
    "lines.product",
    "tags.slug",
    "tags.date",
    "customer.company.name",
    "customer.metadata.level",
]


def granted(role: str) -> dict[str, Any]:
    """Return the grant of a role on bookings, with computed fields and a search."""
    written: Any = BOOKING[role]
    grant = {**written, "search": SEARCHED}
    if "*" not in grant["fields"]:
        grant["fields"] = [*grant["fields"], *PATHS]
        grant["filters"] = [*grant["filters"], *(f"{path}.*" for path in PATHS)]
        grant["order_by"] = [*grant["order_by"], *PATHS, *(f"-{path}" for path in PATHS)]
    # By length it would tell of a column that nobody may see.
    return {**grant, "exclude": [*grant.get("exclude", ()), "noted"]}


OPENED: dict[str, dict[str, Any]] = {
    name: {
        **(entry if name != "booking" else {role: granted(role) for role in ROLES}),
        "computed": COMPUTED.get(name, {}),
    }
    for name, entry in EXPOSE.items()
}
words = st.sampled_from([*(word for text in TEXTS for word in text.split()), "A-1", "H-2", "owner"])
texts = st.one_of(
    words,
    st.lists(words, min_size=2, max_size=3).map(" ".join),
    st.sampled_from(["%", "_", "-hidden", '"Hidden one"', "open or secret", "2", "s"]),
)
filters = st.tuples(
    st.builds(
        "{}{}".format,
        st.sampled_from([*PATHS, "noted"]),
        st.sampled_from(["", ".ne", ".icontains", ".gt", ".isnull", ".len.gt", ".in", ".nin"]),
    ),
    st.one_of(
        st.sampled_from([*TEXTS, "OPEN", "HIDDEN ONE", "open/-"]),
        st.none(),
        st.booleans(),
        st.integers(0, 9),
        st.sampled_from([*PATHS, "noted"]).map(lambda path: {"$field": path}),
    ),
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "search": texts,
        "filters": st.one_of(
            filters.map(lambda pair: dict([pair])),
            filters.map(lambda pair: {"not": dict([pair])}),
        ),
        "order_by": st.builds(
            "{}{}{}".format,
            st.sampled_from(["", "-"]),
            st.sampled_from(PATHS[:5]),
            st.sampled_from(["", ".nulls_first", ".nulls_last"]),
        ),
        "fields": st.sampled_from(
            ["id", "*", "who, label, employer", "customer.*", "x:customer.boss, y:who", "noted"]
        ),
        "limit": st.integers(1, 4),
    },
)
questions = st.one_of(
    queries.map(lambda query: ("booking", None, query)),
    st.builds(lambda text: ("booking", None, {"search": text, "fields": "id"}), texts),
)
MODES = ["substrings"]
if connection.vendor == "postgresql":
    MODES += ["full_text", "trigrams"]
EXAMPLES = 9 // len(MODES)


@pytest.fixture(params=MODES)
def opened(request: Any, world: Any, settings: Any) -> dict[str, Any]:
    """Open the world to searches and computed fields, in each mode of search in turn."""
    if request.param == "trigrams":
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": OPENED,
        "SEARCH_MODE": request.param,
    }
    return dict(world)


@pytest.mark.parametrize("role", ROLES)
def test_reply_does_not_change_with_hidden_data(opened, role):
    client = opened[role]

    # A counterexample is one request; making it smaller would take minutes.
    @settings(max_examples=some(EXAMPLES), phases=[Phase.generate])
    @given(batch=st.lists(questions, min_size=10, max_size=10))
    def check(batch: list[Any]) -> None:
        before = [ask(client, question) for question in batch]
        with transaction.atomic():
            change_hidden_data(role)
            after = [ask(client, question) for question in batch]
            transaction.set_rollback(True)
        for question, first, second in zip(batch, before, after, strict=True):
            assert first == second, question
            assert first[0] in {200, 400, 403}

    check()


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", ROLES)
def test_enough_of_the_questions_are_answered(opened, role):
    statuses: list[int] = []

    @same(15)
    @given(question=questions)
    def check(question: Any) -> None:
        statuses.append(ask(opened[role], question)[0])

    check()
    assert statuses.count(200) * 3 > len(statuses)
