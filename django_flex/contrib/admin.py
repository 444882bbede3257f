"""Model actions in the action menu of Django's admin, under the same grants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse

from django_flex.access.actor import Actor
from django_flex.actions.answer import run_action
from django_flex.actions.declare.definitions import Scope
from django_flex.actions.run.finding import available
from django_flex.conf import get_settings
from django_flex.dialects.flex import flex_for
from django_flex.engine import ACTIONS, Call, resolve_call
from django_flex.plan.json_values import encode
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.plan.shape import FlexResult

PREFIX = "flex_"
CHANGE_LIST = "CHANGE_LIST"
TEMPLATE = "flex_actions/admin_input.html"
MAX_MESSAGES = 10
_FIELDS: dict[str, Callable[..., forms.Field]] = {
    "integer": forms.IntegerField,
    "number": forms.FloatField,
    "boolean": partial(forms.NullBooleanField),
    "string": forms.CharField,
}


class FlexActionAdminMixin:
    """Adds the model actions that the user may run to the action menu of a ``ModelAdmin``.

    ``EXPOSE`` decides which actions these are, and on which rows they run; the admin's own
    permissions decide who sees the list. An action with input, or one that needs an
    ``Idempotency-Key``, has a page of its own; submitting it twice runs the action once.
    ``flex_version`` is the API version whose settings apply.
    """

    flex_version: str | None = None

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Return the admin's actions, followed by the model actions if it is the page of the list."""
        # Django 6.1 also has actions on the page of a row.
        place = {} if action_location is None else {"action_location": action_location}
        found: dict[str, Any] = super().get_actions(request, **place)  # type: ignore[misc]  # of the ModelAdmin
        in_list = getattr(action_location, "value", CHANGE_LIST) == CHANGE_LIST
        if self.actions is None or not in_list:  # type: ignore[attr-defined]  # of the ModelAdmin
            return found
        for definition in self._flex_actions(request):
            name = f"{PREFIX}{definition.id}"
            call = partial(_called, definition=definition, version=self.flex_version)
            # Django inserts the names of the model.
            found[name] = (call, name, definition.shown_title.replace("%", "%%"))
        return found

    def _flex_actions(self, request: HttpRequest) -> list[ActionDef]:
        settings = get_settings(self.flex_version)
        entry = settings.policy.entries.get(label_of(self.model))  # type: ignore[attr-defined]  # of the ModelAdmin
        if entry is None:
            return []
        call = Call(
            settings=settings,
            dialect=flex_for(settings.policy),
            policy=settings.policy,
            resource=entry.name,
            operation=ACTIONS,
            payload={},
            actor=Actor(request.user, request),
        )
        about_rows = {Scope.INSTANCE, Scope.BULK}
        return [one for one in available(resolve_call(call, entry)) if one.scope in about_rows]


def _called(
    model_admin: ModelAdmin[Model],
    request: HttpRequest,
    queryset: QuerySet[Model],
    *,
    definition: ActionDef,
    version: str | None,
) -> HttpResponseBase | None:
    """Show the page for the input, or run the action on the selected rows."""
    form, submission = _form(definition, request), _submission(request)
    valid = form is None or (form.is_bound and form.is_valid())
    if not valid or (submission is None and definition.idempotency == "required"):
        return _ask(model_admin, request, queryset, definition, form)
    given: dict[str, object] = {} if form is None else form.cleaned_data
    values = {name: value for name, value in given.items() if value not in (None, "")}
    keys: list[object] = list(queryset.values_list("pk", flat=True))
    takes_key = definition.idempotency != "off" and definition.atomic
    results = _run(request, definition, keys, values, version, submission if takes_key else None)
    done = sum(result.ok for result in results)
    if done:
        text = f"{definition.shown_title}: {done}"
        model_admin.message_user(request, text, messages.SUCCESS)
    for text in dict.fromkeys(_text(result) for result in results if not result.ok):
        model_admin.message_user(request, text, messages.ERROR)
    return None


def _run(
    request: HttpRequest,
    definition: ActionDef,
    keys: list[object],
    values: dict[str, object],
    version: str | None,
    submission: UUID | None,
) -> list[FlexResult]:
    settings = get_settings(version)
    if definition.scope is Scope.BULK:
        payloads: list[dict[str, object]] = [{"_ids": keys}]
    else:
        payloads = [{"_id": key} for key in keys]
    return [
        run_action(
            Call(
                settings=settings,
                dialect=flex_for(settings.policy),
                policy=settings.policy,
                resource=definition.resource,
                operation=definition.id,
                payload={**payload, "_input": values},
                actor=Actor(request.user, request),
                idempotency_key=_key(submission, {**payload, "_input": values}),
            )
        )
        for payload in payloads
    ]


def _submission(request: HttpRequest) -> UUID | None:
    """Return the id of one submission of the page; a second click sends the same id."""
    try:
        return UUID(request.POST.get("flex_submission", ""))
    except ValueError:
        return None


def _key(submission: UUID | None, payload: dict[str, object]) -> str | None:
    """Return the ``Idempotency-Key`` of a run; it depends on the rows and the input."""
    return None if submission is None else str(uuid5(submission, encode(payload).hex()))


def _text(result: FlexResult) -> str:
    data = result.to_dict()
    faults: dict[str, list[str]] = data.get("fields", {})
    parts = [f"{name}: {' '.join(texts)}" for name, texts in faults.items()]
    return "; ".join([str(data["error"]), *parts])


def _form(definition: ActionDef, request: HttpRequest) -> forms.Form | None:
    """Return a form for the input of an action, ``None`` if it has no input."""
    schema = definition.input.schema()
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    if not properties:
        return None
    required: Sequence[str] = schema.get("required", ())
    fields = {name: _field(part, required=name in required) for name, part in properties.items()}
    made: type[forms.Form] = type("ActionForm", (forms.Form,), fields)
    return made(request.POST) if "flex_input" in request.POST else made()


def _field(part: dict[str, Any], *, required: bool) -> forms.Field:
    """Return a form field for a part of JSON Schema; objects and lists are entered as JSON."""
    options: dict[str, Any] = {"required": required, "help_text": part.get("description", "")}
    choices: Collection[object] | None = part.get("enum")
    if choices:
        listed = [(value, value) for value in choices]
        return forms.ChoiceField(choices=listed if required else [("", "—"), *listed], **options)
    kind: object = part.get("type")
    if isinstance(kind, str) and kind in _FIELDS:
        return _FIELDS[kind](**options)
    return forms.JSONField(**options)


def _ask(
    model_admin: ModelAdmin[Model],
    request: HttpRequest,
    queryset: QuerySet[Model],
    definition: ActionDef,
    form: forms.Form | None,
) -> TemplateResponse:
    context: dict[str, object] = {
        **model_admin.admin_site.each_context(request),
        "title": definition.shown_title,
        "description": definition.description,
        "destructive": definition.destructive,
        "form": form,
        "submission": uuid4(),
        "keys": [str(key) for key in queryset.values_list("pk", flat=True)],
        "action": f"{PREFIX}{definition.id}",
        "select_across": "0",
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "opts": model_admin.model._meta,
    }
    return TemplateResponse(request, TEMPLATE, context)
