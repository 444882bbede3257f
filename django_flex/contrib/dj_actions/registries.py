"""Register the actions of dj-actions: a form for each, which validates and performs it.

REST framework is not imported here; a viewset that runs an action passes itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.module_loading import import_string

from django_flex.actions.declare.adapters import FormInput
from django_flex.actions.declare.definitions import STATUS, ActionDef, Example, Scope
from django_flex.actions.declare.registry import registry
from django_flex.contrib.dj_actions.watching import StatementGuard, restricts
from django_flex.policy.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from django.apps import AppConfig
    from django.forms import BaseForm
    from rest_framework.request import Request

    from django_flex.actions.declare.definitions import ActionContext, InputContext
    from django_flex.contrib.dj_actions.interfaces import (
        ActionConfig,
        ActionForm,
        SerializerClass,
        Viewset,
    )

logger = logging.getLogger("django_flex.actions")
REGISTRY = "action_registry"


@dataclass(frozen=True, slots=True, eq=False)
class ViewsetRun:
    """A run by a viewset: the view, its request, and the definition in its registry."""

    view: Viewset
    request: Request
    action: tuple[type[Model], str]
    config: ActionConfig


_viewset_run: ContextVar[ViewsetRun | None] = ContextVar("django_flex_viewset_run", default=None)


@contextmanager
def on_behalf_of(
    view: Viewset, request: Request, action: tuple[type[Model], str], config: ActionConfig
) -> Iterator[None]:
    """Run actions in the block on behalf of a viewset."""
    token = _viewset_run.set(ViewsetRun(view, request, action, config))
    try:
        yield
    finally:
        _viewset_run.reset(token)


def _viewset_of(context: ActionContext) -> ViewsetRun | None:
    """Return the viewset run that a context belongs to; ``None`` for an action run by another."""
    viewset_run = _viewset_run.get()
    if viewset_run is None or context.request is not viewset_run.request._request:  # noqa: SLF001 - the documented way
        return None
    return viewset_run


class DjActionsFormInput(FormInput):
    """Input of a form with ``save``; the handler gets the valid form itself.

    The form is imported when it is first needed, because it may import the module of the viewset.
    """

    __slots__ = ("_action", "_config")
    _action: tuple[type[Model], str]
    _config: ActionConfig

    def __init__(self, action: tuple[type[Model], str], config: ActionConfig) -> None:
        object.__setattr__(self, "_action", action)
        object.__setattr__(self, "_config", config)

    @property
    def form(self) -> Any:
        """The form class; viewsets may have different ones for one id."""
        viewset_run = _viewset_run.get()
        config = self._config
        if viewset_run is not None and viewset_run.action == self._action:
            config = viewset_run.config
        return import_string(config["form"])

    def make(self, values: Mapping[str, object], info: InputContext) -> BaseForm:
        """Return the form as dj-actions creates it, with the rows that it may act on."""
        viewset_run, context = _viewset_of(info.context), info.context
        request: object = (
            viewset_run.request if viewset_run is not None else _request(context, values)
        )
        row = info.target if isinstance(info.target, Model) else None
        if hasattr(self.form, "get_form"):
            view = None if viewset_run is None else viewset_run.view
            made = self.form.get_form(view, request, _pk(row), instance=row)
        else:
            made = self.form(dict(values))
        made.action_instance = row
        made.action_rows = _rows(viewset_run, context, info)
        made.action_request = request
        form: BaseForm = made
        return form

    def clean(self, values: Mapping[str, object], info: InputContext) -> ValidatedForm:
        """Return the valid form, with the ``StatementGuard`` over its rows."""
        watch = _watch(info)
        with watch.watching() if watch is not None else nullcontext():
            form = cast("ActionForm", super().clean(values, info))
            return ValidatedForm(form, watch)

    def result(self, form: BaseForm) -> BaseForm:
        """Return the form."""
        return form


@dataclass(frozen=True, slots=True, eq=False)
class ValidatedForm:
    """A valid form, and the ``StatementGuard`` over its rows; ``None`` if it may change any row."""

    form: ActionForm
    watch: StatementGuard | None


def _watch(info: InputContext) -> StatementGuard | None:
    """Return the ``StatementGuard`` over the rows of a form; ``None`` if it may change any row."""
    viewset_run, context = _viewset_of(info.context), info.context
    if viewset_run is None and info.rows.unrestricted:
        return None
    rows = _rows(viewset_run, context, info)
    row = info.target if isinstance(info.target, Model) else None
    return StatementGuard(rows, context.using, row) if restricts(rows) else None


def _pk(row: Model | None) -> str | None:
    """Return the primary key as text; ``None`` without a row."""
    return None if row is None else str(row.pk)


def _rows(
    viewset_run: ViewsetRun | None, context: ActionContext, info: InputContext
) -> QuerySet[Model]:
    """Return the rows that the action may run on: granted, and in the viewset's queryset."""
    rows = context.definition.model._default_manager.all()
    if viewset_run is not None:
        rows = viewset_run.view.filter_queryset(viewset_run.view.get_queryset())
    own: QuerySet[Model] = info.rows.own(rows)
    return own


def _request(context: ActionContext, values: Mapping[str, object]) -> Any:
    """Return a request with ``user`` and ``data``, as in REST framework."""
    request = context.request
    if request is None:
        request = HttpRequest()
        request.method = "POST"
        request.POST = QueryDict()
    request.user, request.data = context.user, dict(values)
    return request


def handle(context: ActionContext, row: Model | None, validated: ValidatedForm) -> object:
    """Call ``save(request, pk)`` and render its result as dj-actions does.

    Raises:
        RowDeniedError: the form changed rows that the caller may not change.
    """
    form, watch = validated.form, validated.watch
    with watch.watching() if watch is not None else nullcontext():
        meta, result = form.save(form.action_request, _pk(row))
    viewset_run = _viewset_of(context)
    if viewset_run is None:
        return meta or {}, result
    return _render(viewset_run, dict(meta or {}), row if result is None else result)


def _render(viewset_run: ViewsetRun, meta: dict[str, object], result: object) -> dict[str, object]:
    many = isinstance(result, QuerySet | list | tuple | set)
    path = viewset_run.config.get("serializer")
    if path is not False and result is not None:
        kind: SerializerClass = (
            viewset_run.view.get_serializer_class() if path is None else import_string(path)
        )
        result = kind(result, many=many, context={"request": viewset_run.request}).data
    if viewset_run.config.get("multiple_results", viewset_run.config.get("type") == "bulk") or many:
        return {"meta": meta, "results": [] if result is None else result}
    if isinstance(result, Mapping):
        return {**result, **meta}
    return meta if result is None else {"result": result, **meta}


def add_registry(model: type[Model], found: Mapping[str, Any], *, place: str) -> None:
    """Register the actions of a registry for a model; existing ones are kept."""
    configs: Mapping[str, ActionConfig] = found.get("actions", {})
    for action_id, config in configs.items():
        if registry.has_own(model, action_id):
            continue
        try:
            registry.register(_definition(model, action_id, config))
        except (ImportError, AttributeError, KeyError, ValueError) as error:
            logger.exception("The action '%s' of %s cannot be used", action_id, place)
            text = f"The action '{action_id}' cannot be used: {error}"
            registry.problems.append(Problem("E022", text, place, "see the log"))


def _definition(model: type[Model], action_id: str, config: ActionConfig) -> ActionDef:
    examples = tuple(
        Example(
            name=str(one.get("name", "")),
            description=str(one.get("description") or ""),
            payload=one.get("payload") or {},
        )
        for one in config.get("examples") or ()
    )
    instance = config.get("type") == Scope.INSTANCE.value
    return ActionDef(
        id=action_id,
        model=model,
        # The form of a bulk action selects its rows itself, so the action is about the model.
        scope=Scope.INSTANCE if instance else Scope.COLLECTION,
        handler=handle,
        input=DjActionsFormInput((model, action_id), config),
        status=STATUS(config.get("status", "prod")),
        title=str(config.get("title") or ""),
        description=str(config.get("description") or ""),
        tags=tuple(map(str, config.get("tags") or ())),
        capabilities=tuple(map(str, config.get("capabilities") or ())),
        examples=examples,
    )


def discover() -> None:
    """Register the actions in ``actions/action_registry.py`` and one folder below, in every app."""
    for config in apps.get_app_configs():
        for name in _modules(config):
            found: object = getattr(import_module(name), "ACTIONS", None)
            model = _model(config, found) if isinstance(found, Mapping) else None
            if model is not None and isinstance(found, Mapping):
                add_registry(model, found, place=name)


def _modules(config: AppConfig) -> Iterable[str]:
    package = f"{config.name}.actions"
    folder: Path
    for folder in (_folder(config), *sorted(_folder(config).glob("*/"))):
        if (folder / f"{REGISTRY}.py").is_file():
            below = "" if folder == _folder(config) else f".{folder.name}"
            yield f"{package}{below}.{REGISTRY}"


def _folder(config: AppConfig) -> Path:
    from pathlib import Path

    return Path(config.path) / "actions"


def _model(config: AppConfig, found: Mapping[str, object]) -> type[Model] | None:
    """Return the model that ``resource`` names; ``None`` if only a viewset knows the model."""
    name = str(found.get("resource", "")).lower()
    models = {model._meta.model_name: model for model in config.get_models()}
    return models.get(name) or models.get(name.removesuffix("s"))
