"""Strategies for what a query may ask beside fields, filters and order, over the hidden world."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.security.hidden.test_hidden_data import (
    BOOKING,
    DENIED,
    OPEN,
    RELATED,
    ROLES,
    TEXTS,
    sharp_filters,
    sharp_orders,
)

OPERATIONS = ["get", "list", "aggregate", "export"]
WHOLE = {**OPEN, "ops": OPERATIONS, "aggregates": ["*"]}


def expose() -> dict[str, Any]:
    """Return the hidden world's entries, with aggregates of all that may be read."""
    opened: dict[str, Any] = {
        "booking": {
            role: {
                **BOOKING[role],
                "ops": OPERATIONS,
                "aggregates": ["*"],
                "filters": [*BOOKING[role]["filters"], *AGGREGATES_FILTERED],
                "order_by": [*BOOKING[role]["order_by"], *AGGREGATES_SORTED],
            }
            for role in ROLES
        }
    }
    for name, grant in RELATED.items():
        whole = {**grant, **{key: WHOLE[key] for key in ("ops", "aggregates")}} if grant else {}
        if name == "line":
            whole["exclude"] = ["note"]  # changes for some
        opened[name] = dict.fromkeys(ROLES, whole)
    return opened


FUNCTIONS = ["count", "count_distinct", "sum", "avg", "min", "max", "stddev", "sum_distinct"]
#: Of each booking's related rows, all of which may be read; and what no wildcard reaches.
RELATED_AGGREGATES = [
    "lines.count",
    "lines.quantity.sum",
    "lines.quantity.min",
    "lines.product.max",
    "lines.product.count_distinct",
    "tags.count",
    "tags.slug.max",
    "tags.date.min",
    "tags.date.count_distinct",
]
AGGREGATES_FILTERED = [f"{path}.*" for path in RELATED_AGGREGATES]
AGGREGATES_SORTED = [
    *RELATED_AGGREGATES,
    *(f"-{path}" for path in RELATED_AGGREGATES),
]
DENIED_AGGREGATES = [
    *(f"{path}.{function}" for path in DENIED for function in ("min", "max", "count_distinct")),
    "team.members.password.max",
    "lines.note.max",
    "lines.booking.internal_notes.min",
    "customer.company.services.name.max",
]
GROUPED = [
    "status",
    "customer",
    "customer.id",
    "customer.name",
    "customer.vip",
    "customer.company",
    "customer.company.name",
    "invoice.number",
    "invoice",
    "team",
    "team.name",
    "address.city",
    "seats",
    "created_by.username",
    *DENIED,
]
TOTALLED = [
    "count",
    "id.count",
    "id.max",
    *(f"seats.{function}" for function in FUNCTIONS),
    *(
        f"{path}.{function}"
        for path in ("customer.name", "customer", "invoice.number", "team.name", "invoice")
        for function in ("count", "min", "max", "count_distinct")
    ),
    *RELATED_AGGREGATES,
    *DENIED_AGGREGATES,
]
comparands = st.one_of(st.integers(-2, 4), st.sampled_from(TEXTS))
having = st.recursive(
    st.tuples(
        st.builds(
            "{}{}".format,
            st.sampled_from(TOTALLED),
            st.sampled_from(["", ".gt", ".lte", ".ne", ".isnull"]),
        ),
        st.one_of(comparands, st.booleans()),
    ).map(lambda pair: dict([pair])),
    lambda inner: st.dictionaries(
        st.sampled_from(["not", "or", "and"]),
        st.lists(inner, min_size=1, max_size=2),
        min_size=1,
        max_size=2,
    ),
    max_leaves=2,
)
groups = st.lists(st.sampled_from(GROUPED), min_size=1, max_size=2, unique=True).map(", ".join)
totals = st.lists(st.sampled_from(TOTALLED), min_size=1, max_size=3, unique=True).map(", ".join)
aggregates = st.one_of(
    st.fixed_dictionaries(
        {"_action": st.just("aggregate"), "aggregate": totals},
        optional={"filters": sharp_filters},
    ),
    st.fixed_dictionaries(
        {"_action": st.just("aggregate"), "group_by": groups},
        optional={
            "aggregate": totals,
            "filters": sharp_filters,
            "having": having,
            "order_by": st.one_of(
                st.sampled_from(GROUPED),
                st.sampled_from(TOTALLED).map("-{}".format),
                st.sampled_from(TOTALLED).map("{}.nulls_last".format),
            ),
            "limit": st.integers(1, 4),
            "offset": st.integers(0, 2),
        },
    ),
    # Groups and totals that are all granted to everybody.
    st.fixed_dictionaries(
        {
            "_action": st.just("aggregate"),
            "group_by": st.sampled_from(GROUPED[:4] + GROUPED[7:12]),
            "aggregate": st.lists(
                st.sampled_from(TOTALLED[:20] + RELATED_AGGREGATES[:3]), min_size=1, unique=True
            ).map(lambda names: ", ".join(names[:2])),
        },
        optional={"filters": sharp_filters, "order_by": st.just("-count, customer.name")},
    ),
)
beside_rows = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.lists(
            st.one_of(
                st.sampled_from(RELATED_AGGREGATES),
                st.sampled_from(RELATED_AGGREGATES).map("x:{}".format),
                st.sampled_from(["id", "status", "customer.name", "customer.booking.count"]),
                st.sampled_from(["customer.name.upper", "n:customer.name.len", "y:status.len"]),
                st.sampled_from(DENIED_AGGREGATES),
            ),
            min_size=1,
            max_size=3,
            unique=True,
        ).map(", ".join),
        "filters": st.one_of(
            sharp_filters,
            st.tuples(
                st.builds(
                    "{}{}".format,
                    st.sampled_from(RELATED_AGGREGATES),
                    st.sampled_from(["", ".gt", ".lte", ".ne", ".isnull"]),
                ),
                st.one_of(st.integers(0, 3), st.sampled_from(["a", "h-a", "m"]), st.booleans()),
            ).map(lambda pair: dict([pair])),
        ),
        "order_by": st.one_of(
            st.sampled_from(AGGREGATES_SORTED),
            st.sampled_from(["customer.name.len", "-customer.name.upper", "status.len"]),
            sharp_orders,
        ),
        "aggregate": totals,
    },
)

# --- Lists inside rows ----------------------------------------------------------------------------

_INNER: dict[str, dict[str, Any]] = {
    "lines": {
        "fields": [
            *("*", "product", "id, booking.status", "booking.customer.name", "note", "id"),
            *("product.upper, id", "n:booking.customer.name.len"),
        ],
        "filters": [{"quantity.gte": 0}, {"product": "open"}, {"booking.status": "open"}],
        "order_by": [
            *("-quantity", "product, -id", "booking.customer.name", "note"),
            *("product.len", "-booking.customer.name.lower"),
        ],
        "distinct": ["product", "booking.status", "booking.customer.name", "note"],
    },
    "tags": {
        "fields": ["*", "slug", "date", "bookings.status", "bookings", "slug, bookings.count"],
        "filters": [{"slug.startswith": "h-"}, {"bookings.some": {"status": "m"}}, {"date": "m"}],
        "order_by": ["-date", "slug", "-bookings.count"],
        "distinct": ["date"],
    },
    "booking": {
        "fields": ["id", "id, status", "lines", "lines.product", "tags.slug", "*", "lines.count"],
        "filters": [{"status.ne": "open"}, {"lines.some": {"quantity.lt": 0}}, {"tags.count": 1}],
        "order_by": ["-id", "status", "customer.name", "-lines.count", "internal_notes"],
        "distinct": ["status", "customer.name", "invoice.number", "customer"],
    },
    "bookings": {
        "fields": ["id", "status", "customer.name", "lines.product", "invoice.number"],
        "filters": [{"status": "hidden"}, {"invoice.number.isnull": True}],
        "order_by": ["-id", "invoice.number", "customer.name.nulls_first"],
        "distinct": ["invoice.number", "customer.name, status"],
    },
    "members": {
        "fields": ["username", "*", "password"],
        "filters": [{}],
        "order_by": ["id"],
        "distinct": [],
    },
}
_WAYS = {
    "booking": ["lines", "tags", "customer.booking", "team.members", "nothing"],
    "customer": ["booking"],
    "tag": ["bookings"],
    "team": ["members", "booking"],
}


@st.composite
def _entry(draw: st.DrawFn, way: str, depth: int) -> dict[str, Any]:
    name = way.rpartition(".")[2]
    known = _INNER.get(name, _INNER["lines"])
    asked = draw(
        st.fixed_dictionaries(
            {},
            optional={
                **{key: st.sampled_from(known[key]) for key in ("fields", "filters", "order_by")},
                "limit": st.integers(1, 3),
                "offset": st.integers(0, 2),
                "shape": st.just("list"),
                "count": st.just(True),
            },
        )
    )
    more = draw(st.sampled_from(["", "", "cursor", "distinct", "both"]))
    if more in {"cursor", "both"}:
        asked["cursor"] = True
        asked.pop("offset", None)
    if more in {"distinct", "both"}:
        combined = [True] if more == "distinct" else []
        asked["distinct"] = draw(st.sampled_from([*known["distinct"], *combined, "id"]))
    inner = {"booking": "lines", "bookings": "lines", "tags": "bookings", "lines": "booking"}
    if depth and name in inner and draw(st.booleans()):
        asked["related"] = {inner[name]: draw(_entry(inner[name], depth - 1))}
    return asked


@st.composite
def _lists(draw: st.DrawFn) -> tuple[str, int | None, dict[str, Any]]:
    model = draw(st.sampled_from([*_WAYS, "booking", "booking"]))
    ways = draw(st.lists(st.sampled_from(_WAYS[model]), min_size=1, max_size=2, unique=True))
    related: dict[str, Any] = {}
    for number, way in enumerate(ways):
        asked = draw(_entry(way, 1))
        if draw(st.booleans()):
            related[f"l{number}"] = {"from": way, **asked}
        else:
            related[way] = asked
    return model, None, {"fields": "id" if model != "tag" else "slug", "related": related}


nested = st.one_of(
    _lists(),
    st.tuples(
        st.just("booking"),
        st.one_of(st.none(), st.integers(1, 6)),
        st.fixed_dictionaries(
            {
                "fields": st.lists(
                    st.sampled_from(
                        [
                            "lines",
                            "lines.*",
                            "lines.product",
                            "lines.booking.status",
                            "tags",
                            "tags.*, -tags.date",
                            "tags.bookings.status",
                            "customer.booking.id",
                            "customer.booking",
                            "customer.booking.*",
                            "team.members.username",
                            "lines.note",
                            "tags.slug",
                        ]
                    ),
                    min_size=1,
                    max_size=3,
                    unique=True,
                ).map(", ".join)
            }
        ),
    ),
)

# --- Parts of the rows ----------------------------------------------------------------------------

distinct = st.one_of(
    st.just(True),
    st.lists(
        st.sampled_from([*GROUPED, "lines.product", "customer.metadata"]),
        min_size=1,
        max_size=2,
        unique=True,
    ).map(", ".join),
)
counts = st.sampled_from([True, "exact", "estimated", "capped:1", "capped:3", "capped:999"])
_granted = st.sampled_from(
    ["id", "status", "customer.name", "status, customer, customer.name", "invoice.number, team"]
)
parts = st.one_of(
    st.fixed_dictionaries(
        {"count": counts},
        optional={"filters": sharp_filters, "limit": st.integers(1, 3), "fields": _granted},
    ),
    st.fixed_dictionaries(
        {"distinct": distinct, "fields": _granted},
        optional={
            "filters": sharp_filters,
            "order_by": sharp_orders,
            "count": counts,
            "limit": st.integers(1, 3),
            "offset": st.integers(0, 2),
        },
    ),
    st.fixed_dictionaries(
        {"cursor": st.just(True), "limit": st.integers(1, 2)},
        optional={
            "filters": sharp_filters,
            "order_by": st.one_of(sharp_orders, st.sampled_from(AGGREGATES_SORTED)),
            "fields": _granted,
            "count": counts,
        },
    ),
    st.fixed_dictionaries(
        {"format": st.sampled_from(["ndjson", "csv", "json"]), "fields": _granted},
        optional={
            "filters": sharp_filters,
            "order_by": sharp_orders,
            "distinct": distinct,
            "limit": st.sampled_from([2, 4, 1_000]),
        },
    ),
)
