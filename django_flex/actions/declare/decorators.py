"""The three ways to declare an action: a function, a class, a model method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asgiref.sync import async_to_sync

from django_flex.actions.declare.adapters import adapt
from django_flex.actions.declare.definitions import STATUS, ActionDef, Scope
from django_flex.actions.declare.outputs import outputs_of
from django_flex.actions.declare.registry import named_model, registry
from django_flex.actions.declare.signatures import SignatureInput, from_signature

if TYPE_CHECKING:
    from django.db import models

    from django_flex.actions.declare.definitions import ActionContext, Handler, InputAdapter

_F = TypeVar("_F", bound=Callable[..., Any])
#: The attribute that marks a model method as an action.
MARK = "_flex_action"
#: Options that accept one value or an iterable of values.
_SEVERAL = ("condition", "tags", "capabilities", "examples", "retry_on")
#: The fields of a definition that are no options.
_OF_EVERY = frozenset({"id", "model", "scope", "input", "handler", "outputs"})
_ABOUT_ROWS = frozenset({Scope.INSTANCE, Scope.BULK})


def action(
    model: type[models.Model] | str | None = None,
    /,
    *,
    id: str | None = None,  # noqa: A002 - what everybody calls it
    scope: str = "instance",
    **options: Any,
) -> Callable[[_F], _F]:
    """Register a function as an action: ``(context, row, **input)``.

    The second parameter of a bulk action is the list of rows, or one row if ``bulk_mode`` is
    ``"each"``; other scopes do not have it. With ``input=`` the last argument of the handler is the
    input as validated by that class.

    Args:
        model: the model or its label; ``None`` for a global action.
        id: its name in URLs and grants; by default the name of the function.
        scope: ``instance``, ``bulk``, ``collection`` or ``global``.
        options: further fields of ``ActionDef``.
    """

    def register(function: _F) -> _F:
        found = Scope(scope)
        takes = 2 if found in _ABOUT_ROWS else 1
        adapter = _adapter(options.pop("input", None), function, takes)
        definition = make(
            id=id or function.__name__,
            model=_home(model, found),
            scope=found,
            handler=_calling(function, adapter, with_row=takes == 2),  # noqa: PLR2004 - context and row
            input=adapter,
            returning=function,
            about=function,
            options=options,
        )
        registry.register(definition)
        return function

    return register


def flex_action(
    *,
    id: str | None = None,  # noqa: A002 - what everybody calls it
    **options: Any,
) -> Callable[[_F], _F]:
    """Mark a method of a model as an action: ``(self, context, **input)``."""

    def mark(method: _F) -> _F:
        setattr(method, MARK, {**({"id": id} if id else {}), **options})
        return method

    return mark


def define_method(
    model: type[models.Model], name: str, method: Callable[..., Any], options: Mapping[str, Any]
) -> None:
    """Register a marked method of a model."""
    options = dict(options)
    adapter = _adapter(options.pop("input", None), method, 2)
    call = _calling(method, adapter, with_row=True)

    def handler(context: object, row: object, data: object) -> object:
        return call(row, context, data)

    registry.register(
        make(
            id=options.pop("id", name),
            model=model,
            scope=Scope(options.pop("scope", "instance")),
            handler=handler,
            input=adapter,
            returning=method,
            about=method,
            options=options,
        )
    )


class Action:
    """An action as a class, registered when it is defined: override ``run``.

    ``model``, ``id`` (the class name in lower case with underscores by default), ``scope``,
    ``Input`` (a form, serializer, pydantic model, dataclass) and the fields of ``ActionDef`` are
    attributes. Each run has its own instance.
    """

    model: ClassVar[type[models.Model] | str | None] = None
    id: ClassVar[str] = ""
    scope: ClassVar[str] = "instance"
    Input: ClassVar[Any] = None
    definition: ClassVar[ActionDef]

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Register the class unless it is abstract."""
        super().__init_subclass__(**kwargs)
        if not abstract:
            cls.definition = registry.register(_from_class(cls))

    def available(self, context: ActionContext, row: Any) -> Any:
        """Return true if the action can run on the row as it is, else false or the reason."""
        return True

    def validate(self, context: ActionContext, row: Any, data: Any) -> None:
        """Raise ``ValidationError`` if the input does not fit the row."""

    def run(self, context: ActionContext, row: Any, data: Any) -> Any:
        """Perform the action."""
        raise NotImplementedError


def _from_class(cls: type[Action]) -> ActionDef:
    def handler(context: ActionContext, row: object, data: object) -> object:
        one = cls()
        one.validate(context, row, data)
        return _called(one.run, context, row, data)

    def available(context: ActionContext, row: object) -> object:
        return cls().available(context, row)

    known = ActionDef.__dataclass_fields__.keys() - _OF_EVERY
    options = {name: getattr(cls, name) for name in known if name in _written(cls)}
    if cls.available is not Action.available:
        options["condition"] = (available, *_tuple(options.get("condition", ())))
    scope = Scope(cls.scope)
    return make(
        id=cls.id or _snake(cls.__name__),
        model=_home(cls.model, scope),
        scope=scope,
        handler=handler,
        input=SignatureInput({}) if cls.Input is None else adapt(cls.Input),
        returning=cls.run,
        about=cls,
        options=options,
    )


def _written(cls: type[Action]) -> set[str]:
    return {name for one in cls.__mro__ if one not in {Action, object} for name in vars(one)}


def make(  # noqa: PLR0913 - all by name
    *,
    id: str,  # noqa: A002 - as the field
    model: type[models.Model],
    scope: Scope,
    handler: Handler,
    input: InputAdapter,  # noqa: A002 - as the field
    returning: Callable[..., Any],
    about: object,
    options: Mapping[str, Any],
) -> ActionDef:
    """Return a definition; the docstring is the default description, an annotation tells the reply.

    Raises:
        TypeError: an option does not exist.
    """
    found: dict[str, Any] = dict(options)
    for name in _SEVERAL:
        if name in found:
            found[name] = _tuple(found[name])
    found["sensitive"] = frozenset(found.get("sensitive", ())) | input.sensitive
    if "status" in found:
        found["status"] = STATUS(found["status"])
    found.setdefault("description", inspect.cleandoc(about.__doc__ or ""))
    found["outputs"] = outputs_of(returning, model)
    return ActionDef(id=id, model=model, scope=scope, handler=handler, input=input, **found)


def _home(model: type[models.Model] | str | None, scope: Scope) -> type[models.Model]:
    """Return the model whose entry grants an action; ``ActionEvent`` for a global one."""
    if model is None and scope is not Scope.GLOBAL:
        raise TypeError("An action needs its model")
    return named_model(model or "flex_actions.ActionEvent")


def _adapter(written: object, call: Callable[..., Any], skip: int) -> InputAdapter:
    return from_signature(call, skip) if written is None else adapt(written)


def _calling(call: Callable[..., Any], adapter: InputAdapter, *, with_row: bool) -> Handler:
    by_name = isinstance(adapter, SignatureInput)

    def handler(context: object, row: object, data: Any) -> object:
        places: tuple[object, ...] = (context, row) if with_row else (context,)
        if by_name:
            return _called(call, *places, **data)
        return _called(call, *places, data)

    return handler


def _called(call: Callable[..., object], *args: object, **kwargs: object) -> object:
    """Call a function or a coroutine function; ORM calls run in this thread."""
    if inspect.iscoroutinefunction(call):
        returned: object = async_to_sync(call)(*args, **kwargs)
        return returned
    return call(*args, **kwargs)


def _tuple(written: object) -> tuple[object, ...]:
    if isinstance(written, Iterable) and not isinstance(written, str | Mapping):
        return tuple(written)
    return (written,)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
