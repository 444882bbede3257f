"""The names by which URLs and payloads refer to an exposed model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import models
from django.utils import translation
from django.utils.functional import Promise

from django_flex.policy.compile.cascades import find_label
from django_flex.schema.introspection import label_of, proxied
from django_flex.schema.plurals import in_words, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.policy.model import Entry
    from django_flex.schema.registry import Schema
    from django_flex.schema.resources import Resource

_URL_NAME = re.compile(r"[\w.-]+")


def labels_of_entries(
    expose: Mapping[str, object], schema: Schema, reporter: ProblemReporter
) -> tuple[dict[str, str], set[str]]:
    """Return the label of each entry's resource, and the labels of those that are not clear.

    These are all models that a key may mean which is the name of several or almost that of one,
    and those with two entries; all models without an entry if a key tells nothing of its model. Which
    rules hold for them is not known, so that they have to be closed.
    """
    found: dict[str, str] = {}
    unclear: set[str] = set()
    unknown = False
    for key in expose:
        label = find_label(key, schema, reporter.at(key))
        if label is None:
            meant = _meant(key, schema)
            unclear.update(meant)
            unknown = unknown or not meant
        elif label in found.values():
            reporter.at(key).report("E004", f"Another entry is for the same model, {label}")
            unclear.add(label)
        else:
            found[key] = label
    if unknown:
        known = frozenset(found.values())
        unclear.update(one for one in schema.labels(automatic=False) if not _has_entry(one, known))
    return found, unclear


def _has_entry(label: str | None, known: frozenset[str]) -> bool:
    """Whether a model is among those with an entry, or one that it is a proxy for."""
    return label is not None and (label in known or _has_entry(proxied(label), known))


def _meant(key: object, schema: Schema) -> Collection[str]:
    """Return the labels of the models that an unusable key may mean; none if it tells nothing."""
    if isinstance(key, bytes):
        key = key.decode(errors="replace")
    elif isinstance(key, Promise):
        key = str(key)
    elif isinstance(key, tuple) and all(isinstance(part, str) for part in key):
        key = ".".join(key)
    if isinstance(key, str):
        return schema.labels_of(key.lower()) or _almost_named(key.strip().lower(), schema)
    # A model, one of its rows, its options, or what has one: a manager, an admin class.
    kind = key if isinstance(key, type) else type(key)
    for one in (kind, getattr(key, "model", None)):
        if isinstance(one, type) and issubclass(one, models.Model) and hasattr(one, "_meta"):
            return (label_of(one),)
    return ()


def _almost_named(key: str, schema: Schema) -> list[str]:
    """Return the labels of models that a key means by their plural, or by the path of the class."""
    *path, name = key.split(".")
    parts = [(label, *label.rpartition(".")[::2]) for label in schema.labels(automatic=False)]
    return [
        label
        for label, app, model in parts
        if name in {model, plural(model)} and (not path or app in path)
    ]


def names_of(
    key: str, resource: Resource, url_name: object, reporter: ProblemReporter
) -> tuple[str, ...]:
    """Return every name of a model, the one for URLs first.

    Args:
        key: that of the entry.
        resource: the model.
        url_name: what the entry says under this key.
        reporter: for a ``url_name`` that no URL can have.
    """
    words = in_words(resource.object_name)
    many = plural(words)
    names = [many, many.replace("_", ""), words, resource.name, resource.label]
    names += [key.lower(), *_declared_plurals(resource)]
    if isinstance(url_name, str) and _URL_NAME.fullmatch(url_name):
        names.insert(0, url_name)
    elif url_name is not None:
        reporter.report("E009", "A name of letters, digits, '_', '-' and '.' is needed")
    return tuple(dict.fromkeys(names))


def _declared_plurals(resource: Resource) -> Iterator[str]:
    """Yield what the model says is its plural, whatever the language of the request is."""
    with translation.override(None):
        declared = str(resource.verbose_name_plural).lower()
    yield declared.replace(" ", "_")
    yield declared.replace(" ", "")


def owners_of_names(entries: Iterable[Entry], reporter: ProblemReporter) -> dict[str, Entry]:
    """Return the entry of each name; if several entries share a name, a ``url_name`` decides."""
    claims: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.url_names:
            claims.setdefault(name, []).append(entry)
    names: dict[str, Entry] = {}
    for name, claiming in claims.items():
        owners = claiming if len(claiming) == 1 else [e for e in claiming if not _renamed(e, name)]
        if len(owners) > 1:
            reporter.at(owners[1].name).report(
                "E010",
                f"'{name}' is also a name of '{owners[0].name}'",
                "give one of them a 'url_name'",
            )
        if owners:
            names[name] = owners[0]
    return names


def _renamed(entry: Entry, name: str) -> bool:
    """Whether an entry has another name for URLs, so that it can do without this one."""
    return entry.has_url_name and name != entry.url_names[0]
