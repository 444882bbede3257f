"""Logins and static tokens in Django's admin. A token is shown once, when it is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from django_flex.tokens import static
from django_flex.tokens.logins import revoke
from django_flex.tokens.models import Login, StaticToken

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    LoginBase = admin.ModelAdmin[Login]
    TokenBase = admin.ModelAdmin[StaticToken]
else:
    LoginBase = TokenBase = admin.ModelAdmin

#: The attribute of a row that has just been created, until its page is rendered.
NEW = "_flex_new_token"
#: What is said of a token once, when it is created.
FIXED = ("user", "expires_at")


@admin.register(Login)
class LoginAdmin(LoginBase):
    """Lists who is logged in; logins are revoked, not changed."""

    list_display = ("user", "created_at", "rotated_at", "expires_at", "revoked_at", "revoked_for")
    list_filter = ("revoked_for",)
    list_select_related = ("user",)
    fields = ("id", *list_display, "ends_at", "generation")
    readonly_fields = fields
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return false: who logs in adds one."""
        return False

    @admin.action(description=gettext_lazy("Revoke the selected logins"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Login]) -> None:
        """End logins, with all of their tokens."""
        ended = sum(revoke(key, "operator") for key in queryset.values_list("pk", flat=True))
        messages.success(request, gettext_lazy("Revoked: {}").format(ended))


@admin.register(StaticToken)
class StaticTokenAdmin(TokenBase):
    """Creates, lists and revokes static tokens."""

    list_display = ("name", "user", "ending", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name",)
    fields = ("name", "user", "expires_at")
    raw_id_fields = ("user",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show more of a token that exists; never its hash."""
        more = ("ending", "created_at", "revoked_at") if obj is not None else ()
        return (*self.fields, *more)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let nothing of a token be changed but its name."""
        return self.get_fields(request, obj)[1:] if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Ask for what a new token needs: whose it is and until when, which no other form may."""
        if obj is not None:
            return super().get_form(request, obj, *args, **kwargs)
        columns: Any = self.opts
        asked = {
            name: self.formfield_for_dbfield(columns.get_field(name), request) for name in FIXED
        }
        base: Any = self.form
        form = type(base)("NewTokenForm", (base,), asked)
        return super().get_form(request, obj, *args, **kwargs | {"form": form, "fields": ["name"]})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let superusers choose anybody, others themselves: a token is all that its user may do."""
        if db_field.name == "user" and not _is_superuser(request):
            users = db_field.remote_field.model._default_manager
            kwargs["queryset"] = users.filter(pk=request.user.pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @sensitive_variables("fresh")
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Make the token of a new row."""
        if not change:
            for name in FIXED:
                setattr(obj, name, form.cleaned_data[name])
            fresh = static.make()
            obj.token_hash, obj.ending = static.hash_of(fresh), static.ending_of(fresh)
            setattr(obj, NEW, fresh)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, in a page that nothing stores: a message would be a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext_lazy("The token of {}").format(obj.name),
            "opts": self.opts,
            "token": vars(obj).pop(NEW),
            "advice": gettext_lazy(
                "Copy the token now. It is not stored, and cannot be shown again."
            ),
            "back": gettext_lazy("Back to the tokens"),
        }
        page = TemplateResponse(request, "flex_tokens/created.html", context)
        page.headers["Cache-Control"] = "no-store"
        return page

    @admin.action(description=gettext_lazy("Revoke the selected tokens"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[StaticToken]) -> None:
        """Revoke tokens, and keep their rows."""
        ended = sum(static.revoke(key) for key in queryset.values_list("pk", flat=True))
        messages.success(request, gettext_lazy("Revoked: {}").format(ended))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
