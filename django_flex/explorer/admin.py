"""A link from Django's admin to the same model in the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django_flex.access.actor import Actor
from django_flex.conf import configuration
from django_flex.explorer.page import url_of
from django_flex.explorer.views import may_open
from django_flex.plan.json_values import encode

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest
    from django.http.response import HttpResponse


class ExplorerAdminMixin:
    """Adds "Open in the explorer" to the lists of models that ``EXPOSE`` has an entry for.

    ``class InvoiceAdmin(ExplorerAdminMixin, admin.ModelAdmin)``. The link is there for those who may
    open the explorer, if ``django_flex.explorer.urls`` are in the project.
    """

    change_list_template: Any = "flex_explorer/change_list.html"
    model: type[Model]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the link if there is one."""
        context = {**(extra_context or {}), "explorer_url": explorer_url(self.model, request)}
        view: Any = super()
        found: HttpResponse = view.changelist_view(request, context)
        return found


def explorer_url(model: type[Model], request: HttpRequest) -> str | None:
    """Return where the explorer shows a model, ``None`` if this user does not see it there."""
    page = url_of("flex_explorer:explorer")
    actor = Actor(request.user, request)
    settings = configuration().versions[None]
    if page is None or not may_open(actor, settings):
        return None
    for entry in settings.policy.entries.values():
        if entry.resource.label == model._meta.label_lower:
            return f"{page}#q={quote(encode({'_model': entry.name}))}"
    return None
