"""Model actions in Django's admin: in the menu of the change list, under the same grants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse

from django_flex.actions.definitions import Scope
from django_flex.actions.finding import available
from django_flex.actions.running import run_action
from django_flex.conf import get_settings
from django_flex.engine import ACTIONS, FlexRequest
from django_flex.permissions.roles import Actor, resolve_role

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.actions.definitions import ActionDef
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
    """Puts the model actions that the user may run into the menu of a ``ModelAdmin``.

    ``EXPOSE`` says which these are, and on which rows; the admin's own permissions say who sees the
    list. An action with input asks for it on a page of its own. ``flex_version``: whose settings.
    """

    flex_version: str | None = None

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Return the admin's actions, and behind them, in the list, the model actions."""
        # Django 6.1 has actions on the page of a row, too.
        place = {} if action_location is None else {"action_location": action_location}
        found: dict[str, Any] = super().get_actions(request, **place)  # type: ignore[misc]  # of the ModelAdmin
        in_list = getattr(action_location, "value", CHANGE_LIST) == CHANGE_LIST
        if self.actions is None or not in_list:  # type: ignore[attr-defined]  # of the ModelAdmin
            return found
        for definition in self._flex_actions(request):
            name = f"{PREFIX}{definition.id}"
            call = partial(_called, definition=definition, version=self.flex_version)
            # Django puts the names of the model into it.
            found[name] = (call, name, definition.shown_title.replace("%", "%%"))
        return found

    def _flex_actions(self, request: HttpRequest) -> list[ActionDef]:
        settings = get_settings(self.flex_version)
        entry = settings.policy.entries.get(self.model)  # type: ignore[attr-defined]  # of the ModelAdmin
        if entry is None:
            return []
        asked = FlexRequest(
            resource=entry.name,
            operation=ACTIONS,
            payload={},
            actor=Actor(request.user, request),
        )
        standing = resolve_role(settings.policy, entry, asked.actor)
        about_rows = {Scope.INSTANCE, Scope.BULK}
        return [
            one for one in available(asked, settings, entry, standing) if one.scope in about_rows
        ]


def _called(
    model_admin: Any,
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    definition: ActionDef,
    version: str | None,
) -> HttpResponseBase | None:
    """Ask for the input, then run the action on the rows that were chosen."""
    form = _form(definition, request)
    if form is not None and not (form.is_bound and form.is_valid()):
        return _ask(model_admin, request, queryset, definition, form)
    given = {} if form is None else form.cleaned_data
    values = {name: value for name, value in given.items() if value not in (None, "")}
    keys = list(queryset.values_list("pk", flat=True))
    results = _run(request, definition, keys, values, version)
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
    keys: list[Any],
    values: dict[str, Any],
    version: str | None,
) -> list[FlexResult]:
    settings = get_settings(version)
    if definition.scope is Scope.BULK:
        payloads: list[dict[str, Any]] = [{"_ids": keys}]
    else:
        payloads = [{"_id": key} for key in keys]
    return [
        run_action(
            FlexRequest(
                resource=definition.resource,
                operation=definition.id,
                payload={**payload, "_input": values},
                actor=Actor(request.user, request),
            ),
            settings,
        )
        for payload in payloads
    ]


def _text(result: FlexResult) -> str:
    data = result.to_dict()
    parts = [f"{name}: {' '.join(texts)}" for name, texts in data.get("fields", {}).items()]
    return "; ".join([str(data["error"]), *parts])


def _form(definition: ActionDef, request: HttpRequest) -> forms.Form | None:
    """Return a form for the input of an action, ``None`` for one without any."""
    schema = definition.input.schema()
    properties = schema.get("properties", {})
    if not properties:
        return None
    required = schema.get("required", ())
    fields = {name: _field(part, required=name in required) for name, part in properties.items()}
    made: type[forms.Form] = type("ActionForm", (forms.Form,), fields)
    return made(request.POST) if "flex_input" in request.POST else made()


def _field(part: dict[str, Any], *, required: bool) -> forms.Field:
    """Return a field for a part of JSON Schema; what is no plain value is typed as JSON."""
    options = {"required": required, "help_text": part.get("description", "")}
    choices = part.get("enum")
    if choices:
        listed = [(value, value) for value in choices]
        return forms.ChoiceField(choices=listed if required else [("", "—"), *listed], **options)
    kind = part.get("type")
    if isinstance(kind, str) and kind in _FIELDS:
        return _FIELDS[kind](**options)
    return forms.JSONField(**options)


def _ask(
    model_admin: Any,
    request: HttpRequest,
    queryset: QuerySet[Any],
    definition: ActionDef,
    form: forms.Form,
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": definition.shown_title,
        "description": definition.description,
        "destructive": definition.destructive,
        "form": form,
        "keys": [str(key) for key in queryset.values_list("pk", flat=True)],
        "action": f"{PREFIX}{definition.id}",
        "select_across": "0",
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "opts": model_admin.model._meta,
    }
    return TemplateResponse(request, TEMPLATE, context)
