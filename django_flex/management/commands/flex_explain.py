"""``manage.py flex_explain``: the plan of a query, its role and its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.core.management.base import BaseCommand

from django_flex.access.users import find_user
from django_flex.management.callers import add_caller, failure, make_query, read_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django.core.management.base import CommandParser


class _Cost(TypedDict, total=False):
    """The cost of a query; ``rows`` and ``ms`` where it was run."""

    estimated: int
    max: int
    rows: int
    ms: float


class _Rule(TypedDict):
    """Which rows of a model the caller may see, and why."""

    model: str
    source: str
    rows: str


class _Statement(TypedDict):
    """One statement, and the database's own plan of it."""

    reads: str
    parameters: int
    sql: str | None
    database: object


class _Plan(TypedDict):
    """The plan of a query, as ``explain`` returns it."""

    operation: str
    model: str
    role: str | None
    database: str
    cost: _Cost
    rules: list[_Rule]
    statements: list[_Statement]


_LAST, _OTHER = "└─ ", "├─ "
_BELOW_LAST, _BELOW_OTHER = "   ", "│  "


class Command(BaseCommand):
    """Prints the plan of a query as a tree."""

    help = "Shows the SQL, the rules and the cost of a query, without running it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_caller(parser)
        parser.add_argument("query", nargs="?", default="{}", help="The query object, as JSON.")
        parser.add_argument(
            "--analyze", action="store_true", help="Also run the query, and measure it."
        )

    def handle(self, **options: Any) -> None:
        """Print the plan."""
        spec = {**read_object(options["query"]), "explain": True}
        if options["analyze"]:
            spec["explain"] = "analyze"
        result = make_query(options).execute(spec, user=find_user(options["user"]))
        if result.error is not None:
            raise failure(result.error.to_dict())
        plan: _Plan = result.to_dict()["plan"]
        self.stdout.write(f"{plan['operation']} {plan['model']} as {plan['role'] or 'nobody'}")
        for line in drawn(_parts(plan)):
            self.stdout.write(line)


def _parts(plan: _Plan) -> dict[str, object]:
    """Return the plan as the branches of a tree: strings, lists and objects."""
    costs = plan["cost"]
    cost = f"{costs['estimated']:,} of {costs['max']:,}"
    if "ms" in costs:
        cost += f"; {costs['rows']:,} rows in {costs['ms']} ms"
    rules = [f"{rule['model']}: {rule['source']}, rows: {rule['rows']}" for rule in plan["rules"]]
    statements = {
        f"{one['reads']} ({one['parameters']} values)": {
            "SQL": one["sql"] or "none: no row can match",
            plan["database"]: one["database"],
        }
        for one in plan["statements"]
    }
    return {"cost": cost, "rules": rules, "statements": statements}


def drawn(node: Mapping[str, object] | Iterable[object], indent: str = "") -> Iterator[str]:
    """Yield the lines of a tree of objects, lists and plain values."""
    pairs: list[tuple[str | None, object]] = (
        list(node.items()) if isinstance(node, dict) else [(None, part) for part in node]
    )
    for number, (name, part) in enumerate(pairs):
        last = number == len(pairs) - 1
        mark, below = (_LAST, _BELOW_LAST) if last else (_OTHER, _BELOW_OTHER)
        if isinstance(part, dict | list) and part:
            label = str(number + 1) if name is None else name
            yield f"{indent}{mark}{label}"
            yield from drawn(part, indent + below)
        else:
            yield f"{indent}{mark}{part}" if name is None else f"{indent}{mark}{name}: {part}"
