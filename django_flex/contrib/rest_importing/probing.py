"""Asks views what they do for a kind of caller, without a request and without a database.

A view's own code is called where reading it is all that it does: ``get_queryset``,
``get_serializer_class``, ``get_permissions``. What it looks at is watched. If that is anything but who
is asking (a kind, a key) and for which action, its answer may be another one for other requests, so it
is not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeAlias, TypeVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connections, models
from django.db.models.base import ModelBase, ModelState
from django.http import QueryDict
from rest_framework.settings import api_settings

from django_flex.contrib.rest_importing.endpoints import Endpoint
from django_flex.contrib.rest_importing.watched_keys import watched

T = TypeVar("T")
#: Who may ask: no two of these have anything to do with each other.
Kind: TypeAlias = Literal["anon", "user", "staff", "superuser", "both"]
KINDS: tuple[Kind, ...] = ("anon", "user", "staff", "superuser", "both")
#: What code may know of a user: it is all that makes the kinds.
_SEEN = frozenset(
    {"pk", "is_authenticated", "is_anonymous", "is_staff", "is_superuser", "is_active"}
)
#: What Django asks of any value that is compared, to find out whether it is an expression or a row.
_ASKED = frozenset({"resolve_expression", "as_sql", "get_source_expressions", "_meta"})
_UUID = UUID("f1e0f1e0-5e47-4ac1-9e1e-000000000117")
_NUMBER, _TEXT = 32_117, "flex-init-caller"


class NotUnderstoodError(BaseException):
    """Code of the project looks at something else than who asks for what.

    No ``Exception``, so that code that catches these does not go on as if nothing had happened.
    """


@dataclass(slots=True)
class Trace:
    """What the code of a view looked at."""

    refused: list[str] = field(default_factory=list)
    parameters: bool = False

    def refuse(self, what: str) -> NoReturn:
        """Note that something was looked at that is not known.

        Raises:
            NotUnderstoodError: always.
        """
        self.refused.append(what)
        raise NotUnderstoodError(what)


class Unknown:
    """A part of a view that nothing is known of; code that looks at it is not understood."""

    def __init__(self, name: str, trace: Trace) -> None:
        self.__dict__.update(_name=name, _trace=trace)

    def __getattr__(self, name: str) -> NoReturn:
        self._look()

    def __getitem__(self, name: object) -> NoReturn:
        self._look()

    def __contains__(self, name: object) -> bool:
        self._look()

    def __iter__(self) -> Iterator[object]:
        self._look()

    def __len__(self) -> int:  # noqa: PLE0303 - raises
        self._look()

    def __bool__(self) -> bool:  # noqa: PLE0304 - raises
        self._look()

    def _look(self) -> NoReturn:
        trace: Trace = self.__dict__["_trace"]
        trace.refuse(f"looks at {self.__dict__['_name']}")


class ProbeRequest:
    """A request of which only the method, the user and that it has no parameters are known."""

    def __init__(self, method: str, user: object, trace: Trace) -> None:
        self.method = method.upper()
        self.user = user
        self._trace = trace

    @property
    def query_params(self) -> QueryDict:
        """No parameters: what a view does for any caller who sends none."""
        self._trace.parameters = True
        return QueryDict()

    GET = query_params

    def __getattr__(self, name: str) -> NoReturn:
        self._trace.refuse(f"looks at request.{name}")


def key_of_caller() -> object:
    """Return the key that the users in probes have, which is recognized in querysets."""
    column = get_user_model()._meta.pk
    if isinstance(column, models.UUIDField):
        return _UUID
    if isinstance(column, models.CharField | models.TextField):
        return _TEXT
    return _NUMBER


def probe_user(kind: Kind, trace: Trace) -> Any:
    """Return a user of a kind, whose other attributes nobody may look at."""
    base: type[Any] = AnonymousUser if kind == "anon" else get_user_model()
    key = "pk" if kind == "anon" else str(base._meta.pk.attname)
    seen = {*_SEEN, *_ASKED, key}

    def look(self: object, name: str) -> object:
        if name not in seen and (name[0] != "_" or _is_foreign(self, name)):
            trace.refuse(f"looks at {name!r} of the user")
        return object.__getattribute__(self, name)

    namespace = {"__getattribute__": look, "__module__": __name__}
    if kind == "anon":
        return type("Anonymous", (base,), namespace)()
    user = _unregistered(base, namespace)
    facts = {
        key: watched(key_of_caller(), trace.refuse),
        "is_active": True,
        "is_staff": kind in {"staff", "both"},
        "is_superuser": kind in {"superuser", "both"},
        "_state": ModelState(),
    }
    object.__getattribute__(user, "__dict__").update(facts)
    return user


def probe_row(model: type[models.Model], trace: Trace) -> Any:
    """Return a row that may be any one, so that nobody may look at it."""

    def look(self: object, name: str) -> object:
        if name[0] != "_" or _is_foreign(self, name):
            trace.refuse(f"looks at {name!r} of the row")
        return object.__getattribute__(self, name)

    row = _unregistered(model, {"__getattribute__": look, "__module__": __name__})
    object.__getattribute__(row, "__dict__")["_state"] = ModelState()
    return row


def _unregistered(model: type[Any], namespace: dict[str, object]) -> Any:
    """Return an instance of a subclass of a model, past Django's metaclass, which would register it."""
    kind: Any = type.__new__(ModelBase, model.__name__, (model,), namespace)
    return object.__new__(kind)


def _is_foreign(one: object, name: str) -> bool:
    """Whether a private attribute is none of the class, so that other code of the project sets it."""
    if name.startswith("__") or hasattr(type(one), name):
        return False
    return name not in object.__getattribute__(one, "__dict__")


def probe_view(endpoint: Endpoint, method: str, kind: Kind, trace: Trace) -> Any:
    """Return a view as it is for a request of a kind of caller."""
    view = ask(lambda: endpoint.view(**endpoint.initkwargs), trace)
    user = probe_user(kind_at(view, kind), trace)
    view.request = ProbeRequest(method, user, trace)
    view.args = Unknown("the URL", trace)
    view.kwargs = Unknown("the URL", trace)
    view.format_kwarg = None
    view.action = endpoint.actions[method]
    view.action_map = dict(endpoint.actions)
    view.headers = Unknown("headers", trace)
    return view


def kind_at(view: Any, kind: Kind) -> Kind:
    """Return what a kind of caller is to a view: anonymous where nobody is asked to sign in.

    Raises:
        NotUnderstoodError: it is found out by code that our API does not use, so that others may be
            signed in here.
    """
    used: Collection[Any] = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    kinds: Collection[type[Any]] = view.authentication_classes
    for one in () if kind == "anon" else kinds:
        if one not in used and not one.__module__.startswith("rest_framework."):
            raise NotUnderstoodError(f"{one.__name__} decides who is signed in")
    return kind if kinds else "anon"


def ask(read: Callable[[], T], trace: Trace) -> T:
    """Return what code of the project returns, which runs without a database.

    Raises:
        NotUnderstoodError: it looked at something else than who asks for what, or raised.
    """
    before = len(trace.refused)
    with _no_database(trace):
        try:
            found = read()
        except NotUnderstoodError:
            raise
        except Exception as error:
            raise NotUnderstoodError(f"raises {type(error).__name__}") from error
    if len(trace.refused) > before:
        raise NotUnderstoodError(trace.refused[before])
    return found


@contextmanager
def _no_database(trace: Trace) -> Iterator[None]:
    def refuse(*_args: object) -> NoReturn:
        trace.refuse("asks the database")

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(refuse))
        yield
