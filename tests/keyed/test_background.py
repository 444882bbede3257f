"""Actions on rows with keys of several columns that run later."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from tests.keyed.conftest import exposed
from tests.keyed.models import PlotCell

OPS = ["get", "list", "grow", "swap", "paint", "together"]


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    with registry.isolated():

        @action(PlotCell, background="always")
        def grow(ctx: Any, cell: PlotCell, crop: str = "new") -> PlotCell:
            cell.crop = crop
            cell.save()
            return cell

        @action(PlotCell, background="always")
        def swap(ctx: Any, cell: PlotCell, other: PlotCell) -> list[PlotCell]:
            cell.crop, other.crop = other.crop, cell.crop
            cell.save()
            other.save()
            return [cell, other]

        @action(PlotCell, scope="bulk", bulk_mode="each", background="always", chunk_size=2)
        def paint(ctx: Any, cell: PlotCell) -> None:
            if cell.column == 2:
                raise LookupError
            cell.crop = "red"
            cell.save()

        @action(PlotCell, scope="bulk", background="always")
        def together(ctx: Any, cells: list[PlotCell]) -> None:
            for cell in cells:
                cell.crop = "all"
                cell.save()

        yield


@pytest.fixture
def queued(rows: None, settings: Any, django_capture_on_commit_callbacks: Any) -> Any:
    """Return a function that queues an action, runs it as a worker does, and returns its event."""
    exposed(settings, plotcell={"ops": OPS, "rows": {"row.gt": 0}})

    def send(url: str, between: Callable[[], object] = bool, **body: Any) -> ActionEvent:
        with django_capture_on_commit_callbacks(execute=True):
            reply = Client().post(f"/api/plotcell/{url}/", json.dumps(body), "application/json")
        assert 202 == reply.status_code, reply.content
        assert not PlotCell.objects.filter(crop__in=["new", "red", "all"]).exists()
        between()
        for _ in range(5):
            for one in DBTaskResult.objects.ready():
                one.claim("test")
                with django_capture_on_commit_callbacks(execute=True):
                    one.set_successful(one.task.call(*one.task_result.args))
        return ActionEvent.objects.get(pk=reply.json()["event"])

    return send


def crops() -> dict[Any, str]:
    return {cell.pk: cell.crop for cell in PlotCell.objects.all()}


def test_a_row_is_found_again_by_its_text(queued: Any) -> None:
    event = queued("1~2/actions/grow", crop="fig")
    assert ("succeeded", "1~2") == (event.state, event.object_id)
    assert {"pk": "1~2", "row": 1, "column": 2, "crop": "fig", "owner": "ann"} == (
        event.response_data
    )
    assert "fig" == crops()[1, 2]
    assert [event] == list(ActionEvent.objects.for_object(PlotCell.objects.get(pk=(1, 2))))


def test_an_input_names_a_row_later(queued: Any) -> None:
    event = queued("1~1/actions/swap", other="2~12")
    assert "succeeded" == event.state, event.response_data
    assert ["1~1", "2~12"] == list(event.response_data["results"])
    assert ("hop", "rye") == (crops()[1, 1], crops()[2, 12])


@pytest.mark.parametrize(
    "which", [{"_ids": ["1~1", "2~1", "2~12", "1~2"]}, {"_filters": {}}], ids=str
)
def test_each_row_of_many_runs_by_itself(queued: Any, which: Any) -> None:
    event = queued("actions/paint", **which)
    assert event.complete, event.state
    assert {(1, 1): "red", (2, 1): "red", (2, 12): "red", (1, 2): "oat", (-1, 3): "oat"} == crops()
    assert ["1~2"] == list(event.response_data["errors"])


def test_rows_together(queued: Any) -> None:
    event = queued("actions/together", _ids=["1~1", "2~12"])
    assert "succeeded" == event.state, event.response_data
    assert {(1, 1), (2, 12)} == {key for key, crop in crops().items() if crop == "all"}


def test_a_row_that_is_hidden_by_then_is_as_one_that_is_not_there(
    queued: Any, settings: Any
) -> None:
    def hide() -> None:
        exposed(settings, plotcell={"ops": OPS, "rows": {"row.gt": 1}})

    event = queued("1~2/actions/grow", hide)
    assert ("failed", 404) == (event.state, event.status_code)
    assert "oat" == crops()[1, 2]
