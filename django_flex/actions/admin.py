"""The log of actions in Django's admin, read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from django_flex.actions.models import ActionEvent

if TYPE_CHECKING:
    from django.http import HttpRequest

    ModelAdmin = admin.ModelAdmin[ActionEvent]
else:
    ModelAdmin = admin.ModelAdmin

#: What only the worker reads.
SEALED = ("call", "targets")
COLUMNS = tuple(
    field.name for field in ActionEvent._meta.concrete_fields if field.name not in SEALED
)


@admin.register(ActionEvent)
class ActionEventAdmin(ModelAdmin):
    """Lists the runs: caller, action, time, outcome."""

    list_display = (
        "created_date",
        "resource",
        "action_id",
        "object_id",
        "actor_repr",
        "state",
        "status_code",
        "duration",
    )
    list_filter = ("state", "scope", "resource", "action_id")
    search_fields = ("=object_id", "=actor_repr", "=action_id")
    date_hierarchy = "created_date"
    fields = readonly_fields = COLUMNS
    # Counting a large log is slower than reading a page of it.
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return false: events are not added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return false: events are not changed."""
        return False
