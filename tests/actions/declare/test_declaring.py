"""The three ways to write an action, and what is wrong with some of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

import django_flex.actions
from django_flex.actions import STATUS, Action, Scope, action, flex_action
from django_flex.actions.declare.discovery import autodiscover, collect
from django_flex.actions.declare.registry import registry
from django_flex.conf import get_settings
from tests.actions.handlers import EVERY, Reason
from tests.testapp.models import Booking


def problems() -> list[tuple[str, str, str | None]]:
    return [
        (str(one.id), one.msg, one.hint) for one in run_checks() if one.id == "django_flex.E022"
    ]


def test_public_names_are_there() -> None:
    for name in django_flex.actions.__all__:
        assert hasattr(django_flex.actions, name)
    assert set(django_flex.actions.__all__) <= set(dir(django_flex.actions))
    with pytest.raises(AttributeError, match="nothing"):
        _ = django_flex.actions.nothing


def test_a_definition_says_all_there_is(actions) -> None:
    found = registry.for_model(Booking)

    assert set(EVERY) == set(found)
    confirm = found["confirm"]
    assert ("testapp.booking", Scope.INSTANCE, STATUS.PROD, "Confirm") == (
        confirm.resource,
        confirm.scope,
        confirm.status,
        confirm.shown_title,
    )
    assert frozenset({"answer"}) == found["unlock"].sensitive
    assert frozenset({"pin_code"}) == found["move"].sensitive
    # Beside them the global one, and what can be done with events.
    beside = {"ping", "cancel", "retry"}
    assert {*beside, *EVERY} == {one.id for one in registry}


def test_a_definition_cannot_be_changed(actions) -> None:
    confirm = registry.for_model(Booking)["confirm"]

    with pytest.raises(AttributeError):
        confirm.title = "x"  # type: ignore[misc]  # that is what is tested
    with pytest.raises(TypeError):
        registry.for_model(Booking)["other"] = confirm  # type: ignore[index]  # as above


def test_a_class_runs_with_its_hooks(door, grant) -> None:
    grant("remind")

    done = door.run("remind", 1, {"text": "soon"})
    unavailable = door.run("remind", 2, {"text": "soon"})
    invalid = door.run("remind", 1, {"text": "soon", "code": 10})

    assert {"id": 1, "status": "confirmed", "seats": 2, "reminded": True} == done.body
    assert "soon" == Booking.objects.get(pk=1).internal_notes
    assert (409, "action.unavailable") == (unavailable.status, unavailable.code)
    assert {"code": ["too high"]} == invalid.body["fields"]


def test_a_class_may_be_there_to_be_inherited_from(rest, grant) -> None:
    class Base(Action, abstract=True):
        model = Booking
        tags = ("base",)

        def run(self, context: Any, row: Any, data: Any) -> Any:
            return {"name": type(self).__name__}

    class SendOut(Base):
        """Send it out."""

    class Nothing(Action):
        model = Booking

    grant("send_out", "nothing")

    assert {"name": "SendOut"} == rest.run("send_out", 1).body
    assert (("base",), "Send it out.") == (
        SendOut.definition.tags,
        SendOut.definition.description,
    )
    assert 500 == rest.run("nothing", 1).status
    assert registry.get(Booking, "base") is None


def test_a_method_of_a_model_is_an_action(rest, grant, monkeypatch) -> None:
    @flex_action(status="beta")
    def cancel(self: Any, ctx: Any, reason: str) -> None:
        """Cancel it."""
        self.status = f"cancelled: {reason}"
        self.save()

    @flex_action(id="call-off", input=Reason)
    def call_off(self: Any, ctx: Any, data: Reason) -> dict[str, str]:
        return {"why": data.text}

    monkeypatch.setattr(Booking, "cancel", cancel, raising=False)
    monkeypatch.setattr(Booking, "call_off", call_off, raising=False)
    autodiscover()
    autodiscover()  # nothing is registered twice
    grant("cancel", "call-off")

    assert "cancelled: rain" == rest.run("cancel", 2, {"reason": "rain"}).body["status"]
    assert {"why": "rain"} == rest.run("call-off", 2, {"text": "rain"}).body
    assert [] == problems()


def test_a_method_of_an_abstract_model_is_one_of_its_children() -> None:
    with isolate_apps("tests.testapp"):

        class Base(models.Model):
            @flex_action()
            def touch(self, ctx: Any) -> None: ...

            class Meta:
                abstract = True
                app_label = "testapp"

        class Child(Base):
            class Meta(Base.Meta):
                abstract = False

        class Grandchild(Child):
            pass

    collect(Child)
    collect(Grandchild)

    assert registry.has_own(Child, "touch")
    assert not registry.has_own(Grandchild, "touch")
    assert registry.get(Grandchild, "touch") is registry.get(Child, "touch")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"id": "edit"}, "'edit' is the name of a core operation"),
        ({"id": "list"}, "'list' is the name of a core operation"),
        ({"id": "two words"}, "'two words' is not a valid action id"),
        ({"id": "x" * 65}, f"'{'x' * 65}' is not a valid action id"),
        ({"id": "confirm"}, "'confirm' is already registered"),
    ],
)
def test_an_action_that_cannot_be_called_is_reported(options, text) -> None:
    @action(Booking, **options)
    def handler(ctx: Any, booking: Booking) -> None: ...

    [(identifier, message, _)] = problems()
    assert ("django_flex.E022", f"testapp.booking.{options['id']}: {text}.") == (
        identifier,
        message,
    )


@pytest.mark.parametrize("name", ["id", "_fields"])
def test_an_input_with_the_name_of_a_control_key_is_reported(name) -> None:
    exec_space: dict[str, Any] = {"action": action, "Booking": Booking}
    exec(f"@action(Booking)\ndef odd(ctx, booking, {name}): ...", exec_space)

    [(identifier, message, _)] = problems()
    assert "django_flex.E022" == identifier
    assert f"An input cannot be called '{name}'" in message


def test_an_action_needs_a_model_unless_it_is_global() -> None:
    with pytest.raises(TypeError, match="needs its model"):

        @action()
        def homeless(ctx: Any) -> None: ...


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):

        @action(Booking, colour="red")
        def red(ctx: Any, booking: Booking) -> None: ...


def test_a_model_may_be_named_by_its_label() -> None:
    @action("testapp.Booking")
    def labelled(ctx: Any, booking: Booking) -> None: ...

    assert registry.has_own(Booking, "labelled")


@pytest.mark.parametrize(
    ("parts", "identifier", "text", "hint"),
    [
        ({"ops": ["confrim"]}, "E008", "Unknown operation 'confrim'", "did you mean 'confirm'?"),
        (
            {"ops": ["get"], "actions": {"confirm": {}}},
            "E021",
            "'ops' does not list the action 'confirm'",
            "list it under 'ops'",
        ),
        (
            {"ops": ["confirm"], "actions": {"confrim": {}}},
            "E021",
            "'ops' does not list the action 'confrim'",
            "did you mean 'confirm'?",
        ),
        (
            {"ops": ["confirm"], "actions": {"confirm": {"inputs": []}}},
            "E005",
            "Unknown key 'inputs'",
            "did you mean 'input'?",
        ),
        (
            {"ops": ["confirm"], "actions": {"confirm": {"rate_limit": "often"}}},
            "E016",
            "'often' is not a rate",
            None,
        ),
        (
            {"ops": ["confirm"], "rate_limit": {"confrim": 5}},
            "E016",
            "Unknown operation 'confrim'",
            "did you mean 'confirm'?",
        ),
        (
            {"ops": ["confirm"], "actions": {"confirm": 5}},
            "E009",
            "A dictionary with rows, input, rate_limit is needed",
            None,
        ),
        ({"ops": ["confirm"], "actions": 5}, "E009", "A dictionary of actions is needed", None),
    ],
)
def test_a_mistake_in_a_grant_is_reported(settings, parts, identifier, text, hint) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"staff": {"fields": ["id"], **parts}}}}

    [found] = [one for one in run_checks() if one.id == f"django_flex.{identifier}"]
    assert text in found.msg
    if hint is not None:
        assert hint == found.hint


def test_good_grants_are_no_problem(settings) -> None:
    role = {
        "fields": ["id"],
        "ops": ["get", "confirm"],
        "actions": {"confirm": {"rows": "*", "input": "*", "rate_limit": 5}},
        "rate_limit": {"confirm": 4, "default": 100},
    }
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"staff": role}}, "RATE_LIMIT": {"confirm": 9}}
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/",
        }
    }

    assert [] == [one for one in run_checks() if (one.id or "").startswith("django_flex.E")]


def test_names_come_from_the_installed_app(actions, settings) -> None:
    names = get_settings().policy.actions

    assert set(EVERY) == set(names["testapp.booking"])
    assert {"cancel", "retry"} <= set(names["flex_actions.actionevent"])

    settings.INSTALLED_APPS = [one for one in settings.INSTALLED_APPS if "actions" not in one]
    assert {} == get_settings().policy.actions
