"""The shop in Django's admin."""

from __future__ import annotations

from django.contrib import admin

from django_flex.contrib.admin import FlexActionAdminMixin
from django_flex.explorer.admin import ExplorerAdminMixin
from shop.models import (
    Album,
    Artist,
    Booklet,
    Customer,
    Employee,
    Genre,
    Invoice,
    InvoiceLine,
    MediaType,
    Playlist,
    Refund,
    Track,
)


class ActionAdmin(ExplorerAdminMixin, FlexActionAdminMixin, admin.ModelAdmin):  # type: ignore[type-arg]  # as below
    """Has the model actions that the user may run in the menu above the list, and a link beside it."""


class InvoiceLineInline(admin.TabularInline):  # type: ignore[type-arg]  # no generic at run time
    """The lines of an invoice, on its page."""

    model = InvoiceLine
    autocomplete_fields = ("track",)
    extra = 0


admin.site.register([Booklet, Genre, MediaType])
admin.site.register(Artist, search_fields=("name",))
admin.site.register(
    Album,
    list_display=("title", "artist"),
    list_select_related=("artist",),
    autocomplete_fields=("artist",),
    search_fields=("title", "artist__name"),
)
admin.site.register(
    Track,
    list_display=("name", "album", "genre", "unit_price"),
    list_filter=("genre", "media_type"),
    list_select_related=("album", "genre"),
    autocomplete_fields=("album",),
    search_fields=("name", "album__title"),
)
admin.site.register(
    Playlist, ActionAdmin, list_display=("name", "archived_at"), autocomplete_fields=("tracks",)
)
admin.site.register(Refund, list_display=("invoice", "amount", "reason", "refunded_at"))
admin.site.register(
    Employee,
    list_display=("__str__", "title", "reports_to"),
    list_select_related=("reports_to",),
)
admin.site.register(
    Customer,
    list_display=("__str__", "company", "country", "support_rep"),
    list_filter=("support_rep", "country"),
    list_select_related=("support_rep",),
    search_fields=("first_name", "last_name", "company"),
)
admin.site.register(
    Invoice,
    ActionAdmin,
    list_display=("__str__", "customer", "invoiced_at", "total"),
    list_select_related=("customer",),
    autocomplete_fields=("customer",),
    date_hierarchy="invoiced_at",
    inlines=(InvoiceLineInline,),
)
