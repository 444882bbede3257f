"""``manage.py flex_init``: an ``EXPOSE`` to edit, and what switches the API on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from django_flex.checks import messages_of
from django_flex.conf import (
    NAME,
    build_configuration,
    get_settings,
    is_installed,
    middleware_classes,
    settings_module,
    urls_module,
    written_settings,
)
from django_flex.query.terms import nearest
from django_flex.scaffold.gaps import one_line
from django_flex.scaffold.models import UnknownAppError, choose
from django_flex.scaffold.suggestions import Surroundings, write_suggestions
from django_flex.scaffold.wiring import Project, module_of, wire

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from django_flex.scaffold.models import Chosen
    from django_flex.scaffold.wiring import Wiring

#: What the diff takes care of: that the API has no URL.
_WIRED = frozenset({"django_flex.I003", "django_flex.I005"})


@dataclass(frozen=True, slots=True)
class _Made:
    """A module with ``EXPOSE``, the further settings that it needs, and what is to be said of it."""

    text: str
    settings: Mapping[str, object]
    report: Sequence[str]


class Command(BaseCommand):
    """Writes ``EXPOSE``, and shows what has to be changed in the project; changes nothing itself."""

    help = (
        "Writes an EXPOSE for the models of the project, which grants nothing before it is edited, "
        "and prints the changes to the settings as a diff."
    )
    # The project need not be in order yet; what is written is checked at the end.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "apps",
            nargs="*",
            metavar="APP",
            help="Labels of apps; by default those of the project.",
        )
        parser.add_argument(
            "--output", type=Path, help="A module for EXPOSE; by default standard output."
        )
        parser.add_argument(
            "--from-drf",
            action="store_true",
            help="Grants that allow what the views of REST framework do, and a report of the rest.",
        )
        parser.add_argument("--force", action="store_true", help="Replace the file if it is there.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write, compare, check.

        Raises:
            CommandError: there is no such app, or the file cannot be written.
        """
        settings = get_settings()
        around = Surroundings(
            schema=settings.policy.schema,
            guard=settings.policy.guard,
            users=get_user_model()._meta.label_lower,
            depth=settings.limits.max_relation_depth,
            entries=[*settings.policy.entries.values()],
        )
        make = self._from_views if options["from_drf"] else self._from_models
        made = make(options["apps"], around)
        text, more = made.text, made.settings
        module = self._write(text, options["output"], force=options["force"])
        for line in made.report:
            self.stderr.write(one_line(line))
        self._show(wire(_project(), module, more), self.stdout if module else self.stderr)
        self._check(text, more)

    def _from_models(self, names: Sequence[str], around: Surroundings) -> _Made:
        """Return what is suggested for the models, and which are left out."""
        chosen = _chosen(names, around.users)
        there = {entry.resource.label for entry in around.entries}
        known = [label for label in chosen.labels if label in there]
        report = []
        if known:
            report.append(f"Without the models that have an entry: {', '.join(known)}")
        if chosen.left_out:
            apps = ", ".join(chosen.left_out)
            report.append(f"Without the apps of installed packages; name them to add them: {apps}")
        labels = [one for one in chosen.labels if one not in there]
        return _Made(write_suggestions(labels, around), {}, report)

    def _from_views(self, names: Sequence[str], around: Surroundings) -> _Made:
        """Return what the views of REST framework allow, and what is not carried over."""
        if not is_installed("rest_framework"):
            raise CommandError("'rest_framework' is not in INSTALLED_APPS")
        from django_flex.contrib.rest_importing.writing import import_views

        if names:
            _chosen(names, around.users)
        imported = import_views(around, names, get_settings().limits.max_limit)
        report = [f"Not carried over: {gap.place}: {gap.text}" for gap in imported.gaps]
        counts = (imported.views, "view"), (len(expose_of(imported.text)), "model")
        read = ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counts)
        report.append(f"{read}; not carried over: {len(imported.gaps)}")
        return _Made(imported.text, imported.settings, report)

    def _write(self, text: str, output: Path | None, *, force: bool) -> str | None:
        """Write the module, and return its name; ``None`` if it was printed."""
        if output is None:
            self.stdout.write(text)
            return None
        if output.exists() and not force:
            raise CommandError(f"{output} is there already; --force replaces it")
        name = module_of(output)
        if name is None:
            raise CommandError(
                f"{output} cannot be imported: name a .py file in a package of yours"
            )
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error
        self.stderr.write(f"Wrote {output}")
        return name

    def _show(self, wiring: Wiring, printed: OutputWrapper) -> None:
        """Print the diff; beside it what no diff can say, so that ``patch`` can read the output."""
        if wiring.diff:
            self.stderr.write("What is to be changed, for `patch -p1` or by hand:")
            printed.write(wiring.diff)
        for remark in wiring.remarks:
            self.stderr.write(f"Note: {remark}")

    def _check(self, text: str, more: Mapping[str, object]) -> None:
        """Check the settings as they will be with what was written."""
        written = written_settings()
        base = written if isinstance(written, Mapping) else {}
        expose = {**_mapping(base.get("EXPOSE")), **expose_of(text)}
        found = messages_of(build_configuration({**base, **more, "EXPOSE": expose}))
        left = [message for message in found if message.id not in _WIRED]
        for message in left:
            self.stderr.write(str(message))
        self.stderr.write(f"Checked {NAME} with this EXPOSE: {_count(left)}.")


def _chosen(names: Sequence[str], users: str) -> Chosen:
    try:
        return choose(names, users)
    except UnknownAppError as error:
        hint = nearest(error.name, error.known) or f"one of {', '.join(error.known)}"
        raise CommandError(f"There is no app '{error.name}': {hint}") from error


def expose_of(text: str) -> Mapping[str, Any]:
    """Return ``EXPOSE`` of a module that was written: what somebody gets who imports it."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXPOSE":
            return _mapping(ast.literal_eval(node.value))
    raise LookupError("EXPOSE")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(messages: Sequence[object]) -> str:
    several = f"{len(messages)} issues" if messages else "no issues"
    return "1 issue" if len(messages) == 1 else several


def _project() -> Project:
    written = written_settings()
    return Project(
        settings=settings_module(),
        urls=urls_module(),
        middleware=tuple(middleware_classes()),
        has_setting=bool(written),
    )
