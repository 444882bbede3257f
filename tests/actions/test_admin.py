"""Model actions in Django's admin, and the log there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import path

from django_flex.actions import action
from django_flex.actions.models import ActionEvent
from django_flex.contrib.admin import FlexActionAdminMixin
from tests.actions.handlers import MoveForm
from tests.doors.fronts import Urls
from tests.testapp.models import Booking, Customer, Tag

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class BookingAdmin(FlexActionAdminMixin, ModelAdmin):
    pass


class NoActions(FlexActionAdminMixin, ModelAdmin):
    actions = None


@pytest.fixture
def site(settings: Any, bookings: None) -> Client:
    """The admin, with somebody signed in who may do everything there."""
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "django.contrib.admin",
        "django.contrib.messages",
    ]
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    from django_flex.actions.admin import ActionEventAdmin

    made = admin.AdminSite()
    made.register(Booking, BookingAdmin)
    made.register(Customer, NoActions)
    made.register(ActionEvent, ActionEventAdmin)
    settings.ROOT_URLCONF = Urls(path("admin/", made.urls))
    settings.STATIC_URL = "/static/"
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


URL = "/admin/testapp/booking/"


def menu(client: Client, url: str = URL) -> set[str]:
    form = client.get(url).context_data["cl"].model_admin  # type: ignore[index]  # of a change list
    choices = form.get_action_choices(client.get(url).wsgi_request)
    return {name for name, _ in choices if name.startswith("flex_")}


def choose(client: Client, name: str, *keys: int, **more: Any) -> Any:
    data = {"action": f"flex_{name}", ACTION_CHECKBOX_NAME: list(keys), "index": 0, **more}
    return client.post(URL, data, follow=True)


def said(response: Any) -> list[str]:
    return [str(one) for one in response.context["messages"]]


def test_the_menu_has_what_the_user_may_run(site, grant) -> None:
    grant("approve", "close_all", "count_all")

    assert {"flex_approve", "flex_close_all"} == menu(site)


def test_without_an_entry_the_menu_is_as_ever(site, settings) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {}}

    assert set() == menu(site)
    assert 200 == site.get("/admin/testapp/customer/").status_code


def test_an_action_without_input_runs_at_once(site, grant) -> None:
    grant("approve")

    response = choose(site, "approve", 1, 2, 6)

    assert ["Approve: 2", "It is confirmed"] == said(response)
    assert {"approved"} == set(
        Booking.objects.filter(pk__in=[2, 6]).values_list("status", flat=True)
    )
    assert "root" == ActionEvent.objects.filter(object_id="2").get().actor_repr


def test_an_action_with_input_asks_for_it(site, grant) -> None:
    grant("confirm", "typed")

    page = choose(site, "confirm", 2)
    done = choose(site, "confirm", 2, flex_input=1, note="by hand", seats="7")

    assert 'name="note"' in page.content.decode()
    assert ["Confirm: 1"] == said(done)
    assert ("by hand", 7) == Booking.objects.values_list("internal_notes", "seats").get(pk=2)


def test_input_that_does_not_fit_is_told(site, grant) -> None:
    grant("move", "close_all")

    bad = choose(site, "move", 2, flex_input=1, customer="99", seats="2")
    again = choose(site, "move", 2, flex_input=1, customer="1", seats="many")

    assert "Some values are not valid" in said(bad)[0]
    assert "Enter a whole number" in again.content.decode()
    assert 2 == Booking.objects.get(pk=2).customer_id


def test_a_bulk_action_gets_all_rows(site, grant) -> None:
    grant("close_all")

    response = choose(site, "close_all", 1, 2, flex_input=1, status="shut")

    assert ["Close all: 1"] == said(response)
    assert 2 == Booking.objects.filter(status="shut").count()


def submission(page: Any) -> str:
    """Return what the page sends along to tell one sending from another."""
    found = re.search(r'name="flex_submission" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize("input_", [None, MoveForm], ids=["no-input", "input"])
@pytest.mark.parametrize("scope", ["instance", "bulk"])
def test_an_action_that_needs_a_key_runs_once_however_often_it_is_sent(
    site, grant, scope: str, input_: Any
) -> None:
    @action(Booking, id="book", scope=scope, idempotency="required", input=input_)
    def book(ctx: Any, rows: Any, *data: Any) -> None:
        assert ctx.idempotency_key
        Tag.objects.create(slug=f"run{Tag.objects.count()}")

    grant("book")
    page = choose(site, "book", 2, 6)
    given = {"customer": "1", "seats": "2"} if input_ else {}
    sent = {"flex_input": 1, "flex_submission": submission(page), **given}

    said_first, said_again = (said(choose(site, "book", 2, 6, **sent)) for _ in range(2))
    runs = 2 if scope == "instance" else 1
    assert ([f"Book: {runs}"], said_first) == (said_first, said_again)
    assert runs == Tag.objects.filter(slug__startswith="run").count()

    again = {**sent, "flex_submission": submission(choose(site, "book", 2, 6))}
    choose(site, "book", 2, 6, **again)
    assert 2 * runs == Tag.objects.filter(slug__startswith="run").count()


@pytest.mark.parametrize("sent", [{}, {"flex_submission": "x"}, {"flex_submission": ""}], ids=str)
def test_without_a_key_the_page_is_shown_again(site, grant, sent: dict[str, str]) -> None:
    @action(Booking, idempotency="required")
    def book(ctx: Any, booking: Booking) -> None:
        Tag.objects.create(slug="run")

    grant("book")

    assert submission(choose(site, "book", 2, flex_input=1, **sent))
    assert not Tag.objects.filter(slug="run").exists()


def test_submitting_an_input_twice_runs_the_action_once(site, grant) -> None:
    grant("confirm")
    sent = {"flex_input": 1, "flex_submission": submission(choose(site, "confirm", 2))}

    for _ in range(2):
        assert ["Confirm: 1"] == said(choose(site, "confirm", 2, note="one", **sent))
    assert 1 == ActionEvent.objects.count()

    # Who goes back and sends something else means another run.
    assert ["Confirm: 1"] == said(choose(site, "confirm", 2, note="two", **sent))
    assert "two" == Booking.objects.get(pk=2).internal_notes


def test_types_have_fields_of_their_own(site, grant) -> None:
    grant("typed")

    page = choose(site, "typed", 2).content.decode()

    for part in ('<select name="kind"', '<textarea name="tags"', 'name="at"'):
        assert part in page


def test_the_log_is_there_to_be_read(site, grant) -> None:
    grant("approve")
    choose(site, "approve", 2)
    event = ActionEvent.objects.get()

    assert 200 == site.get("/admin/flex_actions/actionevent/").status_code
    one = site.get(f"/admin/flex_actions/actionevent/{event.pk}/change/")
    assert 200 == one.status_code
    assert 403 == site.get("/admin/flex_actions/actionevent/add/").status_code
    assert b'name="_save"' not in one.content
