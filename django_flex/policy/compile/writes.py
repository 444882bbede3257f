"""What a role may write, as written in ``EXPOSE``: fields, rows, checks, presets, hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from django_flex.binding.comparands import UnmatchedError
from django_flex.binding.presets import bind_preset
from django_flex.exceptions import AccessDeniedError, FlexError, QueryError
from django_flex.policy.compile.cascades import compile_cascade
from django_flex.policy.compile.grants import compile_paths, compile_rows
from django_flex.policy.compile.mistakes import report_path
from django_flex.policy.compile.reporting import check_names, texts
from django_flex.policy.model import ALL_ROWS, Preset, WriteGrant
from django_flex.query.ast import Constant, FieldValue
from django_flex.query.filters import DYNAMIC, parse_value
from django_flex.query.terms import nearest
from django_flex.resolved import ANY_CASCADE
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.policy.model import Grant, Hook, RowRule
    from django_flex.schema.resources import Attribute, Resource

#: The keys below ``add``, ``edit`` and ``delete`` of a grant.
OPERATION_KEYS = {
    "add": ("fields", "check", "presets"),
    "edit": ("fields", "rows", "check", "presets"),
    "delete": ("rows", "cascade"),
}
#: When a hook is called; ``after_commit`` means once the write can no longer be undone.
HOOKS = tuple(
    f"{phase}_{operation}"
    for phase in ("before", "after", "after_commit")
    for operation in OPERATION_KEYS
)


def with_writing(
    grant: Grant, written: object, resource: Resource, reporter: ProblemReporter
) -> Grant:
    """Return a grant that also says what may be written; ``written`` is what the settings say."""
    if not isinstance(written, Mapping):
        return free_writing(grant) if grant.operations else grant
    common = _common(written, resource, reporter)
    found = {
        operation: _operation(operation, written, grant, resource, reporter, common)
        for operation in OPERATION_KEYS
    }
    # The invalid rule was meant to restrict writes: without it, none is allowed.
    broken = {name for name, writing in found.items() if writing is None}
    return replace(
        grant,
        operations=grant.operations - broken - {f"bulk_{name}" for name in broken},
        writing={name: writing for name, writing in found.items() if writing is not None},
    )


def free_writing(grant: Grant) -> Grant:
    """Return a grant under which readable ordinary columns may be written, with no further rule."""
    readable = replace(grant, for_reading=True)
    free = WriteGrant(grant=readable, cascade=ANY_CASCADE)
    return replace(grant, writing=dict.fromkeys(OPERATION_KEYS, free))


def _common(
    written: Mapping[str, object], resource: Resource, reporter: ProblemReporter
) -> tuple[tuple[RowRule, ...], tuple[Preset, ...] | None]:
    """Compile what applies to both adding and editing."""
    presets = compile_presets(written.get("presets"), resource, reporter.at("presets"))
    if "check" not in written:
        return (), presets
    return (compile_rows(written["check"], resource, reporter.at("check")),), presets


def _operation(
    operation: str,
    written: Mapping[str, object],
    grant: Grant,
    resource: Resource,
    reporter: ProblemReporter,
    common: tuple[tuple[RowRule, ...], tuple[Preset, ...] | None],
) -> WriteGrant | None:
    notes_here = reporter.at(operation)
    own = written.get(operation, {})
    if not isinstance(own, Mapping):
        notes_here.report(
            "E009", f"A dictionary with {', '.join(OPERATION_KEYS[operation])} is needed"
        )
        return None
    before = len(reporter.problems)
    check_names(own, OPERATION_KEYS[operation], notes_here)
    if len(reporter.problems) > before:
        return None
    fields = grant.fields
    if "write_fields" in written:
        fields = compile_paths(written["write_fields"], resource, reporter.at("write_fields"))
    if "fields" in own:
        fields = compile_paths(own["fields"], resource, notes_here.at("fields"))
    checks, presets = common if operation != "delete" else ((), ())
    if "check" in own:
        checks = (*checks, compile_rows(own["check"], resource, notes_here.at("check")))
    more = compile_presets(own.get("presets"), resource, notes_here.at("presets"))
    if presets is None or more is None:
        return None
    named = {preset.attribute for preset in more}
    return WriteGrant(
        grant=replace(
            grant, fields=fields, for_reading="write_fields" not in written and "fields" not in own
        ),
        rows=compile_rows(own["rows"], resource, notes_here.at("rows"))
        if "rows" in own
        else ALL_ROWS,
        checks=checks,
        cascade=compile_cascade(
            texts(own.get("cascade"), notes_here.at("cascade")), notes_here.at("cascade")
        ),
        presets=(*(preset for preset in presets if preset.attribute not in named), *more),
    )


def compile_presets(
    written: object, resource: Resource, reporter: ProblemReporter
) -> tuple[Preset, ...] | None:
    """Compile ``{column: constant, {"$user": …} or {"$now": …}}``; ``None`` if one is broken."""
    if not written:
        return ()
    if not isinstance(written, Mapping):
        reporter.report("E009", "A dictionary of columns and values is needed")
        return None
    found = [_preset(str(name), value, resource, reporter) for name, value in written.items()]
    presets = tuple(preset for preset in found if preset is not None)
    return presets if len(presets) == len(found) else None


def _preset(
    name: str, written: object, resource: Resource, reporter: ProblemReporter
) -> Preset | None:
    try:
        target = resolve(resource, tuple(name.split(".")))
    except UnknownPathError:
        report_path(name, resource, reporter)
        return None
    if target.hops or target.keys:
        reporter.report("E006", f"'{name}' is not a column of {resource.label}")
        return None
    try:
        preset = Preset(target.attribute, _value(written, name, target.attribute))
        _try(preset)
    except FlexError as error:
        reporter.at(name).report("E009", error.message, error.hint)
        return None
    return preset


def _value(written: object, name: str, attribute: Attribute) -> object:
    """Return a constant or a dynamic value; any other object is a constant of a JSON column."""
    if attribute.kind != "json":
        return parse_value(written, name)
    if not isinstance(written, Mapping) or len(written) != 1 or next(iter(written)) not in DYNAMIC:
        return written
    value = parse_value(written, name)
    return value.value if isinstance(value, Constant) else value


def _try(preset: Preset) -> None:
    if isinstance(preset.value, FieldValue):
        raise QueryError("A constant, '$user' or '$now' is needed")
    with suppress(UnmatchedError):  # a value of the caller, which `review` looks into
        bind_preset(preset.attribute, preset.value, None)


def compile_hooks(written: object, reporter: ProblemReporter) -> Mapping[str, tuple[Hook, ...]]:
    """Compile ``{"before_add": callable, dotted path, or a list of them}``.

    A hook that cannot be found vetoes every write that it was meant to guard.
    """
    if not written:
        return {}
    if not isinstance(written, Mapping):
        reporter.report("E009", "A dictionary of hooks is needed", f"one of {', '.join(HOOKS)}")
        return dict.fromkeys(HOOKS[:3], (_veto,))
    hooks: dict[str, tuple[Hook, ...]] = {}
    for name, value in written.items():
        if name not in HOOKS:
            reporter.report("E005", f"Unknown hook {name!r}", nearest(str(name), HOOKS))
            return dict.fromkeys(HOOKS[:3], (_veto,))
        calls = value if isinstance(value, list | tuple) else [value]
        hooks[name] = tuple(_hook(call, reporter.at(name)) for call in calls)
    return hooks


def _hook(written: object, reporter: ProblemReporter) -> Callable[..., Any]:
    found = written
    if isinstance(written, str):
        try:
            found = import_string(written)
        except (ImportError, TypeError, ValueError) as error:
            reporter.report("E014", str(error))
            return _veto
    if not callable(found):
        reporter.report("E014", f"'{written}' is not callable")
        return _veto
    hook: Callable[..., Any] = found
    return hook


def _veto(**_kwargs: object) -> None:
    raise AccessDeniedError("Access denied")
