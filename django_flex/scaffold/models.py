"""Which models of a project are proposed, and the keys of their entries."""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.policy.compile.names import names_of
from django_flex.policy.compile.reporting import ProblemReporter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.apps import AppConfig
    from django.db import models

    from django_flex.policy.model import Entry
    from django_flex.schema.registry import Schema

#: Apps that no project writes entries for to begin with: of Django, and our own.
_NEVER = ("django.", "django_flex")
#: What no name in a URL may have.
_OTHER = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The labels of the models to propose, and the labels of the apps that were left out."""

    labels: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class UnknownAppError(LookupError):
    """A name is that of no installed app; ``known`` are the labels of these."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


def choose(names: Sequence[str], users: str) -> Chosen:
    """Return the models of apps; without names those of apps that are part of the project.

    The user model is always among them: its entry keeps users from being shown with other rows.

    Args:
        names: labels of apps.
        users: the label of the user model.

    Raises:
        UnknownAppError: a name is that of no installed app.
    """
    installed = {config.label: config for config in apps.get_app_configs()}
    for name in names:
        if name not in installed:
            raise UnknownAppError(name, sorted(installed))
    if names:
        return Chosen(_labels(installed[name] for name in dict.fromkeys(names)))
    others = [one for one in installed.values() if not one.name.startswith(_NEVER)]
    own = [one for one in others if not _is_package(one)] or others
    labels = _labels(own)
    skipped = sorted(one.label for one in others if one not in own and _labels([one]))
    return Chosen(tuple(dict.fromkeys((*labels, users))), tuple(skipped))


def _labels(configs: Iterable[AppConfig]) -> tuple[str, ...]:
    found = [model for config in configs for model in config.get_models() if _has_rows(model)]
    return tuple(model._meta.label_lower for model in found)


def _has_rows(model: type[models.Model]) -> bool:
    """Whether a model has rows of its own: not a proxy, and not replaced by another one."""
    options = model._meta
    return not options.proxy and not options.swapped


def _is_package(config: AppConfig) -> bool:
    """Whether an app is installed among other people's packages."""
    here = Path(config.path).resolve()
    paths = sysconfig.get_paths()
    return any(Path(paths[name]).resolve() in here.parents for name in ("purelib", "platlib"))


def url_names(
    keys: Mapping[str, str], schema: Schema, others: Collection[Entry] = ()
) -> Mapping[str, str]:
    """Return names for URLs, for those models that would share a name with another entry.

    Args:
        keys: the key of each entry to be, by the label of its model.
        schema: has the models.
        others: the entries that there are.
    """
    taken = Counter(name for entry in others for name in entry.url_names)
    claimed: dict[str, tuple[str, ...]] = {}
    for label, key in keys.items():
        resource = schema.exposable(label)
        if resource is not None:
            claimed[label] = names_of(key, resource, None, ProblemReporter(""))
    taken.update(name for names in claimed.values() for name in names)
    shared = (label for label, names in claimed.items() if any(taken[one] > 1 for one in names))
    return {
        label: _OTHER.sub("_", "_".join((label.split(".")[0], claimed[label][0])))
        for label in shared
    }


def entry_keys(labels: Collection[str]) -> Mapping[str, str]:
    """Return the key of each model's entry: the name of its class, or its label if others share it."""
    names = Counter(model._meta.model_name for model in apps.get_models())
    parts = {label: label.rpartition(".")[2] for label in labels}
    return {label: name if names[name] == 1 else label for label, name in parts.items()}
