"""Registries of dj-actions as actions of ours: a form per action, which validates and does it.

REST framework is not imported here; a viewset that runs an action brings itself along.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.module_loading import import_string

from django_flex.actions.definitions import STATUS, ActionDef, Example, Scope
from django_flex.actions.registry import registry
from django_flex.actions.validators import FormInput
from django_flex.permissions.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from django.apps import AppConfig

    from django_flex.actions.inputs import Surroundings

logger = logging.getLogger("django_flex.actions")
REGISTRY = "action_registry"


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """The viewset that runs an action now, its request, and the definition in its registry."""

    view: Any
    request: Any
    action: tuple[type[Model], str]
    config: Mapping[str, Any]


_serving: ContextVar[Serving | None] = ContextVar("django_flex_serving", default=None)


@contextmanager
def served_by(
    view: Any, request: Any, action: tuple[type[Model], str], config: Mapping[str, Any]
) -> Iterator[None]:
    """Run what is inside on behalf of a viewset."""
    token = _serving.set(Serving(view, request, action, config))
    try:
        yield
    finally:
        _serving.reset(token)


def _server(context: Any) -> Serving | None:
    """Return the viewset that a run is for; an action that the code of another runs has none."""
    serving = _serving.get()
    if serving is None or context.request is not serving.request._request:  # noqa: SLF001 - the documented way
        return None
    return serving


class SeedFormInput(FormInput):
    """A form that ``save`` is called on; the handler gets the form itself, once it is valid.

    The form is imported when it is needed first: it may need the module of the viewset.
    """

    __slots__ = ("_action", "_config")
    _action: tuple[type[Model], str]
    _config: Mapping[str, Any]

    def __init__(self, action: tuple[type[Model], str], config: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_action", action)
        object.__setattr__(self, "_config", config)

    @property
    def form(self) -> Any:
        """The form class; two viewsets may have different ones under one id."""
        serving = _serving.get()
        config = self._config
        if serving is not None and serving.action == self._action:
            config = serving.config
        return import_string(config["form"])

    def make(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Return the form as dj-actions makes it, with what it may act on."""
        serving, context = _server(around.context), around.context
        request = serving.request if serving is not None else _request(context, values)
        row = around.target if isinstance(around.target, Model) else None
        if hasattr(self.form, "get_form"):
            view = None if serving is None else serving.view
            form = self.form.get_form(view, request, _pk(row), instance=row)
        else:
            form = self.form(dict(values))
        form.action_instance = row
        form.action_rows = _rows(serving, context, around)
        form.action_request = request
        return form

    def result(self, form: Any) -> Any:
        """Return the form."""
        return form


def _pk(row: Any) -> str | None:
    """Return the key as a URL has it."""
    return None if row is None else str(row.pk)


def _rows(serving: Serving | None, context: Any, around: Surroundings) -> Any:
    """Return the rows that the action may be run on: those of the viewset, and granted."""
    rows = context.definition.model._default_manager.all()
    if serving is not None:
        rows = serving.view.filter_queryset(serving.view.get_queryset())
    return around.rows.own(rows)


def _request(context: Any, values: Mapping[str, Any]) -> Any:
    """Return a request with ``user`` and ``data``, as REST framework's has them."""
    request = context.request
    if request is None:
        request = HttpRequest()
        request.method = "POST"
        request.POST = QueryDict()
    request.user, request.data = context.user, dict(values)
    return request


def handle(context: Any, row: Any, form: Any) -> Any:
    """Call ``save(request, pk)`` and give its result the shape that dj-actions has for it."""
    meta, result = form.save(form.action_request, _pk(row))
    serving = _server(context)
    if serving is None:
        return meta or {}, result
    return _shaped(serving, dict(meta or {}), row if result is None else result)


def _shaped(serving: Serving, meta: dict[str, Any], result: Any) -> dict[str, Any]:
    many = isinstance(result, QuerySet | list | tuple | set)
    path = serving.config.get("serializer")
    if path is not False and result is not None:
        kind = serving.view.get_serializer_class() if path is None else import_string(path)
        result = kind(result, many=many, context={"request": serving.request}).data
    if serving.config.get("multiple_results", serving.config.get("type") == "bulk") or many:
        return {"meta": meta, "results": [] if result is None else result}
    if isinstance(result, Mapping):
        return {**result, **meta}
    return meta if result is None else {"result": result, **meta}


def add_registry(model: type[Model], found: Mapping[str, Any], *, place: str) -> None:
    """Register the actions of a registry for a model; those that are there already stay."""
    for action_id, config in found.get("actions", {}).items():
        if registry.has_own(model, action_id):
            continue
        try:
            registry.register(_definition(model, action_id, config))
        except (ImportError, AttributeError, KeyError, ValueError) as error:
            logger.exception("The action '%s' of %s cannot be used", action_id, place)
            text = f"The action '{action_id}' cannot be used: {error}"
            registry.problems.append(Problem("E022", text, place, "see the log"))


def _definition(model: type[Model], action_id: str, config: Mapping[str, Any]) -> ActionDef:
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
        # The form of a bulk action finds its rows itself, so that it is about the model.
        scope=Scope.INSTANCE if instance else Scope.COLLECTION,
        handler=handle,
        input=SeedFormInput((model, action_id), config),
        status=STATUS(config.get("status", "prod")),
        title=str(config.get("title") or ""),
        description=str(config.get("description") or ""),
        tags=tuple(map(str, config.get("tags") or ())),
        capabilities=tuple(map(str, config.get("capabilities") or ())),
        examples=examples,
    )


def discover() -> None:
    """Register what stands in ``actions/action_registry.py`` and one folder below, in every app."""
    for config in apps.get_app_configs():
        for name in _modules(config):
            found = getattr(import_module(name), "ACTIONS", None)
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


def _model(config: AppConfig, found: Mapping[str, Any]) -> type[Model] | None:
    """Return the model of a registry; where ``resource`` names none, its viewset brings one."""
    name = str(found.get("resource", "")).lower()
    models = {model._meta.model_name: model for model in config.get_models()}
    return models.get(name) or models.get(name.removesuffix("s"))
