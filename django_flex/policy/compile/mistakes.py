"""What was probably meant by a name in ``EXPOSE`` that names nothing."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.binding.conditions import TAIL
from django_flex.query.filters import CONNECTORS
from django_flex.query.operations import OPERATIONS
from django_flex.query.terms import nearest
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django_flex.exceptions import FlexError
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.query.ast import Comparison, Path
    from django_flex.schema.resources import Resource

#: What other packages call ``*``.
ALL = frozenset({"all", "__all__", "any"})
#: What other packages call our operations.
SYNONYMS = {
    "'get' or 'list'": ("read", "view", "show", "select", "access"),
    "'get'": ("retrieve", "detail", "find"),
    "'list'": ("index", "filter", "search", "fetch"),
    "'add'": ("post", "insert", "new", "bulk_add", "bulk_create"),
    "'edit'": ("put", "patch", "change", "modify", "partial_update"),
    "'delete'": ("remove", "destroy"),
    "'add', 'edit' or 'delete'": ("write", "save", "crud"),
    "'bulk_edit'": ("bulk_update",),
    "'aggregate'": ("count", "sum", "group_by"),
    "'export'": ("download", "stream"),
    "'*'": ("all", "__all__", "any"),
}
OPERATION_MEANT = {name: meant for meant, names in SYNONYMS.items() for name in names}
NULLS = frozenset({"nulls_first", "nulls_last"})
#: What is written for the caller by those who do not know ``$user``.
_CALLER = re.compile(r"\$?\{?(request\.)?(current_)?(user|me|self|owner)(_id|\.(id|pk))?\}?")
#: The label of the app of model actions, under each of its names.
ACTIONS_APP = "flex_actions"
_KEYLESS = "leads to rows whose composite primary key has a part without text"
#: How similar two names have to be for one to count as a typo of the other.
ALIKE = 0.8


def report_path(text: str, resource: Resource, reporter: ProblemReporter) -> None:
    """Report a path that names nothing, with the nearest one that does."""
    first = text.partition(".")[0]
    if first in resource.keyless:
        reporter.report("E006", f"'{text}' {_KEYLESS}")
    elif first in resource.unnamable:
        reporter.report("E006", f"'{text}' is a generic relation, which cannot be exposed")
    else:
        reporter.report(
            "E006", f"'{text}' does not exist on {resource.label}", meant(text, resource)
        )


def report_filter(text: str, resource: Resource, reporter: ProblemReporter) -> None:
    """Report a filter whose path or operator does not exist."""
    head, _, last = text.rpartition(".")
    try:
        resolve(resource, tuple(head.split(".")), tail=TAIL, items=True)
    except UnknownPathError:
        report_path(text, resource, reporter)
        return
    hint = by_dots(text, resource)
    hint = hint or ("did you mean '*'?" if last in ALL else nearest(last, TAIL))
    reporter.report("E007", f"'{last}' in '{text}' is neither a field nor an operator", hint)


def report_rule(
    terms: Collection[tuple[Path, Comparison]],
    error: FlexError,
    resource: Resource,
    reporter: ProblemReporter,
) -> None:
    """Report a rule that names what does not exist; ``terms`` are its comparisons, by path."""
    for path, _ in terms:
        try:
            resolve(resource, path, tail=TAIL, items=True)
        except UnknownPathError:
            text = ".".join(path)
            if resource.keyless.intersection(path[:1]):
                reporter.report("E012", f"'{text}' {_KEYLESS}", "write the rule as a Q")
                return
            reporter.report(
                "E012", f"'{text}' does not exist on {resource.label}", meant(text, resource)
            )
            return
    where = (error.path or "").removeprefix("rows").removeprefix(".")
    values = [str(term.value) for _, term in terms if term.place == error.path]
    of_caller = bool(values) and _CALLER.fullmatch(values[0].lower()) is not None
    hint = "the caller's key is {'$user': 'id'}" if of_caller else error.hint
    reporter.report("E012", f"'{where}': {error.message}" if where else error.message, hint)


def report_operation(name: str, actions: Collection[str], reporter: ProblemReporter) -> None:
    """Report an operation that does not exist."""
    known = (*OPERATIONS, *actions)
    found = OPERATION_MEANT.get(name.lower())
    if name.lower() in known:
        found = f"'{name.lower()}'"
    hint = f"did you mean {found}?" if found else nearest(name, known)
    hint = hint or f"one of {', '.join(known)}"
    if not any(config.label == ACTIONS_APP for config in apps.get_app_configs()):
        hint += "; for a model action, add 'django_flex.actions' to INSTALLED_APPS"
    reporter.report("E008", f"Unknown operation '{name}'", hint)


def meant(text: str, resource: Resource) -> str | None:
    """Return what is probably meant by a path that names nothing."""
    return _another_language(text) or by_dots(text, resource) or _nearest_path(text, resource)


def _another_language(text: str) -> str | None:
    """Return the hint for a word from another package or from a client's query."""
    if text in ALL:
        return "did you mean '*'?"
    if text.lower() in CONNECTORS:
        return f"did you mean '{text.lower()}'?"
    bare, _, end = text.rpartition(".")
    return f"'{bare}': clients choose where nulls are sorted" if end in NULLS else None


def _nearest_path(text: str, resource: Resource) -> str | None:
    path = text.removeprefix("-").split(".")
    current, end = resource, 0
    for name in path[:-1]:
        relation = current.relation(name)
        if relation is None:
            break
        current, end = relation.target, end + 1
    close = get_close_matches(path[end][:200], current.names(), n=1, cutoff=0.6)
    rest = path[end + 1 :]
    if close == [path[end]] and rest:  # the name is right, so the mistake is after it
        return nearest(rest[-1], TAIL) or f"'{rest[-1]}' is not an operator"
    return f"did you mean '{'.'.join((*path[:end], close[0], *rest))}'?" if close else None


def by_dots(text: str, resource: Resource) -> str | None:
    """Return the hint for a path that is written like a Django lookup, with ``__``."""
    if "__" not in text:
        return None
    dotted = text.replace("__", ".")
    path: Path = tuple(dotted.removeprefix("-").removesuffix(".*").split("."))
    try:
        resolve(resource, path, tail=TAIL, items=True)
    except UnknownPathError:
        return "join paths and operators with dots, as in 'customer.name.icontains'"
    return f"did you mean '{dotted}'? Join paths and operators with dots"


def mistaken_role(
    role: str, written: object, keys: Iterable[str], known: Mapping[str, object]
) -> str:
    """Return the key that was probably meant by a name that reads as a role; empty if none was.

    Args:
        role: the name.
        written: what is written below it.
        keys: keys of entries.
        known: keys of grants.
    """
    if written == "*" or (isinstance(written, dict) and not known.keys().isdisjoint(written)):
        return ""
    close = get_close_matches(role.lower(), list(keys), n=1, cutoff=ALIKE)
    return close[0] if close else ""
