"""What Django does not document is used in one folder only, and told of on one page."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.sql import Query
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.django_internals import availability
from django_flex.backends.orm.django_internals.availability import NEEDED, Part, is_available
from tests.caching import cache

ROOT = Path(__file__).parent.parent.parent
BACKEND = ROOT / "django_flex" / "backends" / "orm"
INTERNALS = BACKEND / "django_internals"
PAGE = ROOT / "docs" / "explanation" / "django-internals.md"

#: Modules and names of Django that its documentation does not describe.
MODULES = (
    "django.db.backends",
    "django.db.models.deletion.Collector",
    "django.db.models.expressions.Col",
    "django.db.models.expressions.DatabaseDefault",
    "django.db.models.fields.json.KeyTextTransform",
    "django.db.models.fields.json.KeyTransform",
    "django.db.models.fields.related_lookups",
    "django.db.models.options",
    "django.db.models.sql",
)
#: Of ``_meta``: what is documented, and the names of the options of a model.
OPTIONS = {"constraints", "db_table", "get_field", "get_fields", "label", "label_lower", "proxy"}
#: Attributes of queries, compilers, connections and fields.
ATTRIBUTES = {
    "add_annotation",
    "add_ordering",
    "alias_map",
    "all_parents",
    "base_table",
    "can_use_none_as_rhs",
    "clear_limits",
    "clear_ordering",
    "closed_in_transaction",
    "col_count",
    "combinator",
    "ensure_connection",
    "errors_occurred",
    "execute_sql",
    "features",
    "get_accessor_name",
    "get_compiler",
    "get_converters",
    "get_initial_alias",
    "has_extra_select",
    "in_atomic_block",
    "is_sliced",
    "isolation_level",
    "join_field",
    "key_name",
    "leaves",
    "mysql_is_mariadb",
    "needs_rollback",
    "ops",
    "set_limits",
    "set_values",
    "target_field",
    "timezone_name",
    "transaction_mode",
    "validate_no_broken_transaction",
    "wrap_database_errors",
}


def undocumented(source: str) -> list[str]:
    """Return what a module uses of Django that is not documented; types alone do not count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    return sorted({found for node in ast.walk(tree) for found in _of_node(node)})


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        names = [f"{module}{alias.name}" for alias in node.names]
        yield from (
            name for name in names if f"{name}.".startswith(tuple(f"{m}." for m in MODULES))
        )
    if isinstance(node, ast.Attribute):
        of_meta = isinstance(node.value, ast.Attribute) and node.value.attr == "_meta"
        if node.attr in ATTRIBUTES or (of_meta and node.attr not in OPTIONS):
            yield f"_meta.{node.attr}" if of_meta else f".{node.attr}"


def _name(path: Path) -> str:
    return str(path.relative_to(BACKEND))


MODULES_OF_OURS = [path for path in sorted(BACKEND.rglob("*.py")) if INTERNALS not in path.parents]


@pytest.mark.parametrize("path", MODULES_OF_OURS, ids=_name)
def test_only_one_folder_uses_what_django_does_not_document(path: Path) -> None:
    assert [] == undocumented(path.read_text())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from django.db.models.sql import Query", "django.db.models.sql.Query"),
        ("from django.db.models import sql", "django.db.models.sql"),
        ("from django.db.models.deletion import Collector", "django.db.models.deletion.Collector"),
        ("connection.ops.quote_name", ".ops"),
        ("model._meta.pk", "_meta.pk"),
        ("queryset.query.get_compiler(using)", ".get_compiler"),
    ],
)
def test_the_use_of_an_undocumented_name_is_found(source: str, expected: str) -> None:
    assert [expected] == undocumented(source)


def test_types_of_it_may_be_named_anywhere() -> None:
    source = "if TYPE_CHECKING:\n    from django.db.models.sql import Query"

    assert [] == undocumented(source)


@pytest.mark.parametrize("path", sorted(BACKEND.rglob("*.py")), ids=_name)
def test_no_class_of_an_object_is_changed(path: Path) -> None:
    assigned = {
        ast.unparse(target)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in ast.walk(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        if isinstance(target, ast.Attribute) and target.attr == "__class__"
    }

    assert set() == assigned


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in INTERNALS.glob("*.py") if path.stem != "__init__")
)
def test_each_subject_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text()


USES = [
    pytest.param(part, kind, name, id=f"{part}-{kind.__name__}.{name}")
    for part, needed in NEEDED.items()
    for kind, name in needed
]


@pytest.mark.parametrize(("part", "kind", "name"), USES)
def test_all_of_it_is_there(part: Part, kind: type, name: str) -> None:
    assert hasattr(kind, name)
    assert is_available(part)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Part], None]]:
    """Return a function that names something that Django does not have as needed by a part."""

    def lack(part: Part) -> None:
        lacking = {**NEEDED, part: ((Query, "something_else"),)}
        monkeypatch.setattr(availability, "NEEDED", lacking)
        is_available.cache_clear()

    yield lack
    monkeypatch.undo()
    is_available.cache_clear()


@pytest.mark.parametrize("part", NEEDED)
def test_a_part_that_django_has_nothing_for_is_off(
    bookings: None, configure: Any, without: Callable[[Part], None], part: Part
) -> None:
    configure()
    query = {"_action": "list", "fields": "id, customer.name", "order_by": "-id", "limit": 2}
    expected = FlexQuery("booking").execute(query).to_dict()
    configure(STATEMENT_CACHE_SIZE=9)
    without(part)
    with CaptureQueriesContext(connection) as sent:
        found = [FlexQuery("booking").execute(query).to_dict() for _ in range(2)]

    assert [expected, expected] == found
    assert ("flex_keys" in sent[-1]["sql"]) is (part != "deferred joins")
    assert bool(cache().entries) is (part != "statement cache")
