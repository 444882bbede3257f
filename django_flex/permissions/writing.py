"""What a role may write, as written in ``EXPOSE``: fields, rows, checks, presets, hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.utils.module_loading import import_string

from django_flex.exceptions import AccessDeniedError, FlexError, QueryError
from django_flex.permissions.comparands import Binder, NoValueError
from django_flex.permissions.grants import check_names, compile_paths, compile_rows, report_path
from django_flex.permissions.policy import ALL_ROWS, Preset, WriteGrant
from django_flex.permissions.roles import Actor
from django_flex.query.ast import Constant, FieldValue, Now, UserValue
from django_flex.query.filters import DYNAMIC, parse_value
from django_flex.query.terms import nearest
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.grants import Notes
    from django_flex.permissions.policy import Grant, Hook, RowRule
    from django_flex.schema.introspection import Attribute, Resource

#: The keys below ``add``, ``edit`` and ``delete`` of a grant.
OPERATION_KEYS = {
    "add": ("fields", "check", "presets"),
    "edit": ("fields", "rows", "check", "presets"),
    "delete": ("rows",),
}
#: When a hook is called; ``after_commit`` ones when nothing can undo the write any more.
HOOKS = tuple(
    f"{moment}_{operation}"
    for moment in ("before", "after", "after_commit")
    for operation in OPERATION_KEYS
)


def with_writing(grant: Grant, written: Any, resource: Resource, notes: Notes) -> Grant:
    """Return a grant that also says what may be written; ``written`` is what the settings say."""
    if not isinstance(written, Mapping):
        return free_writing(grant) if grant.operations else grant
    common = _common(written, resource, notes)
    found = {
        operation: _operation(operation, written, grant, resource, notes, common)
        for operation in OPERATION_KEYS
    }
    # A rule that cannot be read would narrow what is written: without it, nothing may be.
    broken = {name for name, writing in found.items() if writing is None}
    return replace(
        grant,
        operations=grant.operations - broken - {f"bulk_{name}" for name in broken},
        writing={name: writing for name, writing in found.items() if writing is not None},
    )


def free_writing(grant: Grant) -> Grant:
    """Return a grant under which every readable column may be written, with no further rule."""
    return replace(grant, writing={name: WriteGrant(grant=grant) for name in OPERATION_KEYS})


def _common(
    written: Mapping[str, Any], resource: Resource, notes: Notes
) -> tuple[tuple[RowRule, ...], tuple[Preset, ...] | None]:
    """Compile what holds for adding and editing alike."""
    presets = compile_presets(written.get("presets"), resource, notes.at("presets"))
    if "check" not in written:
        return (), presets
    return (compile_rows(written["check"], resource, notes.at("check")),), presets


def _operation(
    operation: str,
    written: Mapping[str, Any],
    grant: Grant,
    resource: Resource,
    notes: Notes,
    common: tuple[tuple[RowRule, ...], tuple[Preset, ...] | None],
) -> WriteGrant | None:
    notes_here = notes.at(operation)
    own = written.get(operation, {})
    if not isinstance(own, Mapping):
        notes_here.report(
            "E009", f"An object with {', '.join(OPERATION_KEYS[operation])} is needed"
        )
        return None
    check_names(own, OPERATION_KEYS[operation], notes_here)
    fields = grant.fields
    if "write_fields" in written:
        fields = compile_paths(written["write_fields"], resource, notes.at("write_fields"))
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
        grant=replace(grant, fields=fields),
        rows=compile_rows(own["rows"], resource, notes_here.at("rows"))
        if "rows" in own
        else ALL_ROWS,
        checks=checks,
        presets=(*(preset for preset in presets if preset.attribute not in named), *more),
    )


def compile_presets(written: Any, resource: Resource, notes: Notes) -> tuple[Preset, ...] | None:
    """Compile ``{column: constant, {"$user": …} or {"$now": …}}``; ``None`` if one is broken."""
    if not written:
        return ()
    if not isinstance(written, Mapping):
        notes.report("E009", "An object of columns and values is needed")
        return None
    found = [_preset(str(name), value, resource, notes) for name, value in written.items()]
    presets = tuple(preset for preset in found if preset is not None)
    return presets if len(presets) == len(found) else None


def _preset(name: str, written: Any, resource: Resource, notes: Notes) -> Preset | None:
    try:
        target = resolve(resource, tuple(name.split(".")))
    except UnknownPathError:
        report_path(name, resource, notes)
        return None
    if target.hops or target.keys:
        notes.report("E006", f"'{name}' is no column of {resource.label} itself")
        return None
    try:
        preset = Preset(target.attribute, _value(written, name, target.attribute))
        _try(preset)
    except FlexError as error:
        notes.at(name).report("E009", error.message, error.hint)
        return None
    return preset


def _value(written: Any, name: str, attribute: Attribute) -> Any:
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
    with suppress(NoValueError):  # an anonymous user has none; whether others have shows later
        bind_preset(preset, Actor(AnonymousUser()))


def bind_preset(preset: Preset, actor: Actor) -> Any:
    """Return the value of a preset for one caller.

    Raises:
        NoValueError: it is a value of the caller, who has none.
        InvalidValueError: the value does not fit the column.
    """
    value, attribute = preset.value, preset.attribute
    if not isinstance(value, Now | UserValue) and (value is None or attribute.kind == "json"):
        return value
    binder = Binder(actor, None, frozenset())
    kind = attribute.kind
    return binder.bind(value, "exact", kind, attribute.value_field, attribute.name)


def compile_hooks(written: Any, notes: Notes) -> Mapping[str, tuple[Hook, ...]]:
    """Compile ``{"before_add": callable, dotted path, or a list of them}``.

    A hook that cannot be found vetoes every write that it was meant to guard.
    """
    if not written:
        return {}
    if not isinstance(written, Mapping):
        notes.report("E009", "An object of hooks is needed", f"one of {', '.join(HOOKS)}")
        return dict.fromkeys(HOOKS[:3], (_veto,))
    hooks: dict[str, tuple[Hook, ...]] = {}
    for name, value in written.items():
        if name not in HOOKS:
            notes.report("E005", f"Unknown hook {name!r}", nearest(str(name), HOOKS))
            continue
        calls = value if isinstance(value, list | tuple) else [value]
        hooks[name] = tuple(_hook(call, notes.at(name)) for call in calls)
    return hooks


def _hook(written: Any, notes: Notes) -> Callable[..., Any]:
    found = written
    if isinstance(written, str):
        try:
            found = import_string(written)
        except ImportError as error:
            notes.report("E014", str(error))
            return _veto
    if not callable(found):
        notes.report("E014", f"'{written}' is not callable")
        return _veto
    hook: Callable[..., Any] = found
    return hook


def _veto(**_kwargs: Any) -> None:
    raise AccessDeniedError("Access denied")
