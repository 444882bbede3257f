"""The three ways to write an action: a function, a class, a method of the model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asgiref.sync import async_to_sync

from django_flex.actions.definitions import STATUS, ActionDef, Scope
from django_flex.actions.inputs import InputAdapter, SignatureInput, from_signature
from django_flex.actions.registry import named_model, registry
from django_flex.actions.validators import adapt

if TYPE_CHECKING:
    from django.db import models

    from django_flex.actions.context import ActionContext
    from django_flex.actions.definitions import Handler

_F = TypeVar("_F", bound=Callable[..., Any])
#: The attribute by which a method of a model says that it is an action.
MARK = "_flex_action"
#: Options of an action that are written as one value or several.
_SEVERAL = ("condition", "tags", "capabilities", "examples", "retry_on")
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

    Of a bulk action the second parameter is the list of rows, or a row where ``bulk_mode`` is
    ``"each"``; other scopes have none. With ``input=`` the handler gets what that class makes of
    the input as its last argument.

    Args:
        model: whose action it is, or its label; of a global action none.
        id: its name in URLs and grants; the function's by default.
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

    def handler(context: Any, row: Any, data: Any) -> Any:
        return call(row, context, data)

    registry.register(
        make(
            id=options.pop("id", name),
            model=model,
            scope=Scope(options.pop("scope", "instance")),
            handler=handler,
            input=adapter,
            about=method,
            options=options,
        )
    )


class Action:
    """An action as a class, registered when it is written: override what it is to do.

    ``model``, ``id`` (the class name in lower case with underscores by default), ``scope``,
    ``Input`` (a form, serializer, pydantic model, dataclass) and the fields of ``ActionDef`` are
    attributes. One instance is made for each run.
    """

    model: ClassVar[type[models.Model] | str | None] = None
    id: ClassVar[str] = ""
    scope: ClassVar[str] = "instance"
    Input: ClassVar[Any] = None
    definition: ClassVar[ActionDef]

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Register the class, unless it is there to be inherited from."""
        super().__init_subclass__(**kwargs)
        if not abstract:
            cls.definition = registry.register(_from_class(cls))

    def available(self, context: ActionContext, row: Any) -> Any:
        """Return whether the row is in a state to run on, or the reason why not."""
        return True

    def validate(self, context: ActionContext, row: Any, data: Any) -> None:
        """Raise ``ValidationError`` for input that does not go with the row."""

    def run(self, context: ActionContext, row: Any, data: Any) -> Any:
        """Do it."""
        raise NotImplementedError


def _from_class(cls: type[Action]) -> ActionDef:
    def handler(context: Any, row: Any, data: Any) -> Any:
        one = cls()
        one.validate(context, row, data)
        return _called(one.run, context, row, data)

    def available(context: Any, row: Any) -> Any:
        return cls().available(context, row)

    known = ActionDef.__dataclass_fields__.keys() - {"id", "model", "scope", "input", "handler"}
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
    about: Any,
    options: Mapping[str, Any],
) -> ActionDef:
    """Return a definition; what is described nowhere else is described by a docstring.

    Raises:
        TypeError: an option that there is not.
    """
    found: dict[str, Any] = dict(options)
    for name in _SEVERAL:
        if name in found:
            found[name] = _tuple(found[name])
    found["sensitive"] = frozenset(found.get("sensitive", ())) | input.sensitive
    if "status" in found:
        found["status"] = STATUS(found["status"])
    found.setdefault("description", inspect.cleandoc(about.__doc__ or ""))
    return ActionDef(id=id, model=model, scope=scope, handler=handler, input=input, **found)


def _home(model: type[models.Model] | str | None, scope: Scope) -> type[models.Model]:
    """Return the model in whose entry an action is granted: of a global one that of the events."""
    if model is None and scope is not Scope.GLOBAL:
        raise TypeError("An action needs its model")
    return named_model(model or "flex_actions.ActionEvent")


def _adapter(written: Any, call: Callable[..., Any], skip: int) -> InputAdapter:
    return from_signature(call, skip) if written is None else adapt(written)


def _calling(call: Callable[..., Any], adapter: InputAdapter, *, with_row: bool) -> Handler:
    by_name = isinstance(adapter, SignatureInput)

    def handler(context: Any, row: Any, data: Any) -> Any:
        places = (context, row) if with_row else (context,)
        if by_name:
            return _called(call, *places, **data)
        return _called(call, *places, data)

    return handler


def _called(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what may be a coroutine function; its ORM calls come back to this thread."""
    if inspect.iscoroutinefunction(call):
        return async_to_sync(call)(*args, **kwargs)
    return call(*args, **kwargs)


def _tuple(written: Any) -> tuple[Any, ...]:
    if isinstance(written, Iterable) and not isinstance(written, str | Mapping):
        return tuple(written)
    return (written,)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
