"""Write the tables of the reference from the registries in the code: ``python docs/generate.py``.

The files are committed. A test fails when they are stale, and says to run this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference" / "_generated"
sys.path.insert(0, str(ROOT))

# What the reading of this release acts on. The registry knows the keys of later releases, too.
TAKES = {
    "value": "a value",
    "list": "a list of values",
    "pair": "two values",
    "boolean": "`true` or `false`",
    "pattern": "a pattern",
    "keys": "a list of keys",
    "part": "a part of the value",
    "document": "a whole value",
    "box": "four numbers",
    "distance": "a geometry and metres",
}
RESULTS = {"date": "a date", "time": "a time", "year": "a number", "part": "a number"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def code(value: object) -> str:
    """Return a value in the type of code."""
    return f"`{value}`"


def settings() -> str:
    """Return the settings that are no caps."""
    from django_flex.conf import SETTINGS

    rows = ((code(s.name), default(s.default), sentence(s.help)) for s in SETTINGS)
    return table(("setting", "default", "meaning"), (row for row in rows if not is_cap(row[0])))


def caps() -> str:
    """Return the caps."""
    from django_flex.conf import SETTINGS

    rows = ((code(s.name), f"{s.default:,}", s.help) for s in SETTINGS if is_cap(code(s.name)))
    return table(("setting", "default", "what it caps"), rows)


def is_cap(name: str) -> bool:
    """Whether a setting is one of the caps."""
    return name.startswith("`MAX_")


def default(value: Any) -> str:
    """Return a default as it would be written in the settings, long ones by their place below."""
    if isinstance(value, tuple) and value:
        return "[below](#guarded-fields)"
    return code(list(value) if isinstance(value, tuple) else repr(value))


def guarded_fields() -> str:
    """Return the default of ``GUARDED_FIELDS``."""
    from django_flex.conf import BY_NAME

    return ", ".join(map(code, BY_NAME["GUARDED_FIELDS"].default)) + "\n"


def version_settings() -> str:
    """Return the settings that only a version has."""
    from django_flex.conf import VERSION_SETTINGS

    return table(("key", "meaning"), ((code(s.name), s.help) for s in VERSION_SETTINGS))


def value_kinds() -> str:
    """Return the kinds of values."""
    from django_flex.query.kinds import KINDS

    rows = ((code(kind.name), kind.help) for kind in KINDS.values())
    return table(("kind", "a value of it"), rows)


def operators() -> str:
    """Return the operators of filters."""
    from django_flex.query.operators import OPERATORS

    rows = ((code(o.name), TAKES[o.takes], kinds(o.kinds), o.help) for o in OPERATORS.values())
    return table(("operator", "takes", "for", "meaning"), rows)


def transforms() -> str:
    """Return the steps between a path and an operator."""
    from django_flex.query.operators import TRANSFORMS

    rows = ((code(t.name), kinds(t.kinds), RESULTS[t.result], t.help) for t in TRANSFORMS.values())
    return table(("transform", "for", "gives", "meaning"), rows)


def functions() -> str:
    """Return the functions of aggregates."""
    from django_flex.query.aggregates import FUNCTIONS

    rows = ((code(one.name), kinds(one.kinds), one.help) for one in FUNCTIONS.values())
    return table(("function", "of", "gives"), rows)


def truncations() -> str:
    """Return the parts of values that are no transforms of filters."""
    from django_flex.query.aggregates import TEXT_PARTS, TRUNCATIONS

    parts = (*TRUNCATIONS.values(), *TEXT_PARTS.values())
    rows = ((code(one.name), kinds(one.kinds), one.help) for one in parts)
    return table(("part", "for", "gives"), rows)


def kinds(names: frozenset[str]) -> str:
    """Return the kinds of fields that an operator is for, in few words."""
    from django_flex.query.operators import ALL_KINDS, EQUATABLE, ORDERED

    words = {
        ALL_KINDS: "all",
        EQUATABLE: "all but binary and geometry",
        ORDERED: "all with an order",
    }
    return words.get(names) or ", ".join(sorted(names))


def errors() -> str:
    """Return every error that a reply can hold."""
    from django_flex.exceptions import FlexError

    found = sorted(raised(FlexError), key=lambda error: (error.status, error.code))
    rows = ((code(e.code), str(e.status), sentence(e.__doc__ or "")) for e in found)
    return table(("`code`", "status", "meaning"), rows)


def raised(error: type[Any]) -> Iterator[type[Any]]:
    """Yield the subclasses of an error, depth first, without those that have the code of a base."""
    for one in error.__subclasses__():
        if "code" in vars(one):
            yield one
        yield from raised(one)


def sentence(text: str) -> str:
    """Return a docstring as one line of Markdown."""
    return " ".join(text.split()).replace("``", "`")


def checks() -> str:
    """Return the ids of the system checks."""
    from django_flex.policy.problems import PROBLEMS

    rows = ((code(f"django_flex.{name}"), text) for name, text in PROBLEMS.items())
    return table(("id", "meaning"), rows)


def entry_keys() -> str:
    """Return the keys of an entry."""
    from django_flex.policy.compile.entries import ENTRY_KEYS

    return _keys(ENTRY_KEYS)


def grant_keys() -> str:
    """Return the keys of a grant."""
    from django_flex.policy.compile.grants import GRANT_KEYS

    return _keys(GRANT_KEYS)


def action_keys() -> str:
    """Return the keys of an action in a grant."""
    from django_flex.policy.compile.actions import ACTION_KEYS

    return _keys(ACTION_KEYS)


def _keys(known: Mapping[str, str]) -> str:
    return table(("key", "value"), ((code(key), text) for key, text in known.items()))


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "caps": caps,
    "guarded_fields": guarded_fields,
    "version_settings": version_settings,
    "kinds": value_kinds,
    "operators": operators,
    "transforms": transforms,
    "functions": functions,
    "truncations": truncations,
    "errors": errors,
    "checks": checks,
    "entry_keys": entry_keys,
    "grant_keys": grant_keys,
    "action_keys": action_keys,
}


def write() -> None:
    """Write every table; needs no settings, for the registries have none."""
    TARGET.mkdir(exist_ok=True)
    for name, make in TABLES.items():
        (TARGET / f"{name}.md").write_text(make())


if __name__ == "__main__":
    import django
    from django.conf import settings as django_settings

    django_settings.configure(
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_flex"]
    )
    django.setup()
    write()
