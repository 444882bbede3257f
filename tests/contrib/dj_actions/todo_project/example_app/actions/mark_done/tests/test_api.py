from __future__ import annotations

import sys

from actions.models import ActionEvent
from actions.tests.testutils import (
    assert_in_registry,
    get_bulk_action_url,
    get_instance_action_url,
)
from django.contrib.auth import get_user_model
from django.test import TestCase, override_settings

from django_flex.actions.declare.registry import registry
from example_app.models import Todo


class ActionsTestCase(TestCase):
    def setUp(self):
        self.user = get_user_model().objects.create_superuser("ann")
        self.client.force_login(self.user)
        self.todo = Todo.objects.create(title="foo")
        self.other = Todo.objects.create(title="bar")
        self.hidden = Todo.objects.create(title="baz", hidden=True)

    def mark(self, data, todo=None):
        url = get_instance_action_url("todos", (todo or self.todo).pk, "mark_done")
        return self.client.post(url, data, content_type="application/json")

    def test_the_root_is_ours_without_a_second_copy(self):
        from actions import models

        assert sys.modules["django_flex.contrib.dj_actions.models"] is models
        assert "django_flex.contrib.dj_actions.models" == models.__spec__.name

    def test_the_log_has_its_action_in_the_registry_too(self):
        definition = registry.get(ActionEvent, "archive_actions")
        assert {"delete_before"} == set(definition.input.names)

    def test_the_registry_is_told(self):
        assert_in_registry(self.client, "todos", ["bulk_mark_done"], ["mark_done"])
        told = self.client.get("/todos/actions/list/").json()
        assert ("todo", "/todos/") == (told["resource"], told["basepath"])

    def test_every_url_in_the_list_answers(self):
        told = self.client.get("/todos/actions/list/").json()
        urls = [one["url"] for one in [*told["bulk_actions"], *told["instance_actions"]]]
        assert ["/todos/actions/bulk_mark_done/", "/todos/:pk/actions/mark_done/"] == urls
        for url in urls:
            answer = self.client.get(url.replace(":pk", str(self.todo.pk)))
            assert 200 == answer.status_code

    def test_what_is_told_of_one_action_is_kept_nowhere(self):
        before = repr(sys.modules["example_app.actions.action_registry"].ACTIONS)
        told = self.client.get(f"/todos/{self.todo.pk}/actions/mark_done/").json()
        assert f"/todos/{self.todo.pk}/actions/mark_done/" == told["url"]
        field = {
            "name": "status",
            "required": True,
            "description": "C for closed",
            "type": "ChoiceField",
        }
        assert field == told["fields"][0]
        assert [{"title": "", "status": ""}] == told["example_response"]
        after = repr(sys.modules["example_app.actions.action_registry"].ACTIONS)
        assert before == after

    def test_an_action_runs_and_is_logged(self):
        answer = self.mark({"status": "C", "password": "hunter2", "unknown": 1})
        row = {"id": self.todo.pk, "title": "foo", "status": "C", "by": self.user.pk}
        assert (200, row) == (answer.status_code, answer.json())
        event = ActionEvent.objects.get()
        assert ("mark_done", str(self.todo.pk)) == (event.action_id, event.object_id)
        assert (self.user.pk, 200, True) == (event.actor_id, event.status_code, event.complete)
        assert "C" == event.request_data["status"]
        assert "hunter2" not in str(event.request_data)
        assert "mark_done" == self.client.get("/events/").json()[0]["action_id"]

    @override_settings(DJACTION_TRACK_ACTIONS=False)
    def test_tracking_is_switched_off_by_its_documented_name(self):
        assert 200 == self.mark({"status": "C"}).status_code
        assert not ActionEvent.objects.exists()

    def test_a_form_that_is_not_valid_is_a_400_with_its_errors(self):
        answer = self.mark({})
        errors = {"status": ["This field is required."]}
        assert (400, errors) == (answer.status_code, answer.json())

    def test_an_unknown_action_and_a_wrong_type_are_404_with_the_right_ones(self):
        for url in ("/todos/actions/mark_done/", "/todos/actions/nothing/"):
            for method in (self.client.get, self.client.post):
                answer = method(url)
                assert 404 == answer.status_code
                assert "one of bulk_mark_done" == answer.json()["hint"]
        answer = self.client.post(f"/todos/{self.todo.pk}/actions/bulk_mark_done/")
        assert (404, "one of mark_done") == (answer.status_code, answer.json()["hint"])

    def test_a_failure_is_logged_and_undone(self):
        answer = self.mark({"status": "X"})
        assert (500, "action.failed") == (answer.status_code, answer.json()["code"])
        self.todo.refresh_from_db()
        assert "O" == self.todo.status
        assert "failed" == ActionEvent.objects.get().state

    def test_a_row_that_the_viewset_hides_is_a_404(self):
        assert 404 == self.mark({"status": "C"}, self.hidden).status_code

    def test_a_bulk_action_changes_no_row_that_the_viewset_hides(self):
        every = f"{self.todo.pk}, {self.other.pk},{self.hidden.pk}"
        answer = self.client.post(
            get_bulk_action_url("todos", "bulk_mark_done"), {"todos": every, "tags": ["a", "b"]}
        )
        assert 200 == answer.status_code, answer.content
        assert {"count": 2, "tags": ["a", "b"]} == answer.json()["meta"]
        results = [one["id"] for one in answer.json()["results"]]
        assert [self.todo.pk, self.other.pk] == results
        self.hidden.refresh_from_db()
        assert "O" == self.hidden.status
        assert ["a", "b"] == ActionEvent.objects.get().request_data["tags"]

    def test_a_key_that_is_too_long_is_refused(self):
        url = get_instance_action_url("todos", self.todo.pk, "mark_done")
        key = {"Idempotency-Key": "x" * 300}
        answer = self.client.post(url, {"status": "C"}, headers=key)
        assert answer.status_code == 400

    def test_a_list_is_no_input(self):
        assert 400 == self.mark([1, 2]).status_code

    @override_settings(
        DJANGO_FLEX={"EXPOSE": {"todo": {"superuser": {"fields": ["id"], "ops": ["mark_done"]}}}}
    )
    def test_where_the_model_is_exposed_the_grant_decides_too(self):
        assert 200 == self.mark({"status": "C"}).status_code
        answer = self.client.post("/todos/actions/bulk_mark_done/", {"todos": "1"})
        assert 404 == answer.status_code
        told = self.client.get("/todos/actions/list/").json()
        assert [] == told["bulk_actions"]
        assert ["mark_done"] == [one["id"] for one in told["instance_actions"]]
        self.client.logout()
        assert self.client.get("/todos/actions/list/").status_code == 401
        assert self.mark({"status": "C"}).status_code in (401, 403)

    def test_the_log_is_archived_by_superusers(self):
        self.mark({"status": "C"})
        url = get_bulk_action_url("actionevents", "archive_actions", context="log")
        later = {"delete_before": "2999-01-01T00:00:00Z"}
        answer = self.client.post(url, later, content_type="application/json")
        assert (200, {"count": 1}) == (answer.status_code, answer.json()["meta"])
        self.client.force_login(get_user_model().objects.create_user("bob", is_staff=True))
        answer = self.client.post(url, later, content_type="application/json")
        assert 403 == answer.status_code

    def test_the_log_is_for_staff(self):
        self.mark({"status": "C"})
        (told,) = self.client.get("/log/actionevents/").json()
        assert ("mark_done", "succeeded") == (told["action_id"], told["state"])
        self.client.force_login(get_user_model().objects.create_user("bob"))
        assert 403 == self.client.get("/log/actionevents/").status_code
