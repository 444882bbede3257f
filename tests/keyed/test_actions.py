"""Actions on rows with keys of several columns, and viewsets of REST framework."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import GenericViewSet

from django_flex.actions import FlexAction, action
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.contrib.rest_framework import ActionMixin, FlexViewSetMixin
from tests.doors.fronts import MIDDLEWARE, Urls
from tests.keyed.conftest import exposed
from tests.keyed.models import PlotCell

OPS = ["get", "list", "add", "edit", "delete", "sow", "swap", "clear", "sow_all", "sow_each"]


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    with registry.isolated():

        @action(PlotCell, id="sow")
        def sow(ctx: Any, row: PlotCell, crop: str = "new") -> PlotCell:
            row.crop = crop
            row.save()
            return row

        @action(PlotCell, id="swap")
        def swap(ctx: Any, row: PlotCell, other: PlotCell) -> list[PlotCell]:
            row.crop, other.crop = other.crop, row.crop
            row.save()
            other.save()
            return [row, other]

        @action(PlotCell, id="clear")
        def clear(ctx: Any, row: PlotCell) -> PlotCell:
            row.delete()
            return row

        @action(PlotCell, id="sow_all", scope="bulk")
        def sow_all(ctx: Any, rows: list[PlotCell]) -> list[PlotCell]:
            for row in rows:
                row.crop = "all"
                row.save()
            return rows

        @action(PlotCell, id="sow_each", scope="bulk", bulk_mode="each")
        def sow_each(ctx: Any, row: PlotCell) -> None:
            if row.column == 2:
                raise ValueError("no")
            row.crop = "each"
            row.save()

        yield


@pytest.fixture
def api(rows: None, settings: Any) -> Client:
    exposed(settings, plotcell={"ops": OPS, "rows": {"row.gt": 0}})
    return Client()


def post(api: Client, url: str, **body: Any) -> Any:
    return api.post(f"/api/plotcell/{url}", json.dumps(body), "application/json")


def test_an_action_is_run_on_a_row(api: Client) -> None:
    reply = post(api, "1~2/actions/sow/", crop="fig")
    assert (200, "1~2", "fig") == (reply.status_code, reply.json()["pk"], reply.json()["crop"])
    assert "fig" == PlotCell.objects.get(pk=(1, 2)).crop
    (event,) = ActionEvent.objects.for_object(PlotCell.objects.get(pk=(1, 2)))
    assert "1~2" == event.object_id
    for key in ("-1~3", "9~9", "1", "x"):
        assert 404 == post(api, f"{key}/actions/sow/").status_code


def test_an_input_names_a_row(api: Client) -> None:
    reply = post(api, "1~1/actions/swap/", other="2~12")
    assert ["1~1", "2~12"] == list(reply.json()["results"])
    assert "hop" == PlotCell.objects.get(pk=(1, 1)).crop
    hidden, missing, odd = (
        post(api, "1~1/actions/swap/", other=key).json() for key in ("-1~3", "-1~4", "x")
    )
    assert hidden["fields"].keys() == missing["fields"].keys() == odd["fields"].keys()
    assert str(hidden).replace("-1~3", "-1~4") == str(missing)


def test_a_row_that_an_action_deletes_is_named(api: Client) -> None:
    assert {"pk": "1~1", "deleted": True} == post(api, "1~1/actions/clear/").json()


def test_actions_are_run_on_many_rows(api: Client) -> None:
    reply = post(api, "actions/sow_all/", _ids=["1~1", "2~1"]).json()
    assert ["1~1", "2~1"] == list(reply["results"]), reply
    reply = post(api, "actions/sow_all/", _filters={"row": 2}).json()
    assert ["2~1", "2~12"] == list(reply["results"]), reply
    assert 404 == post(api, "actions/sow_all/", _ids=["1~1", "-1~3"]).status_code
    reply = post(api, "actions/sow_each/", _ids=["1~1", "1~2", "-1~3", "x"]).json()
    assert ["-1~3", "1~2", "x"] == sorted(reply["errors"]), reply
    assert "each" == PlotCell.objects.get(pk=(1, 1)).crop


def test_actions_of_a_row_are_described(api: Client) -> None:
    reply = api.get("/api/plotcell/1~2/actions/")
    assert 200 == reply.status_code
    assert "/api/plotcell/1~2/actions/sow/" in json.dumps(reply.json())


def test_actions_are_run_by_code(api: Client) -> None:
    result = FlexAction("keyed.plotcell", "sow").execute({"crop": "x"}, pk="1~2")
    assert 200 == result.status_code, result.to_dict()


class PlotSerializer(ModelSerializer[PlotCell]):
    class Meta:
        model = PlotCell
        fields = ["row", "column", "crop"]


class Plots(ActionMixin, FlexViewSetMixin, GenericViewSet[PlotCell]):  # type: ignore[misc]  # its methods are ours
    queryset = PlotCell.objects.exclude(crop="hop")
    serializer_class = PlotSerializer


class OwnPlots(Plots):
    def get_object(self) -> PlotCell:
        row, _, column = self.kwargs["pk"].partition("~")
        return get_object_or_404(self.get_queryset(), row=row, column=column)


@pytest.mark.parametrize("viewset", [Plots, OwnPlots])
def test_viewsets_have_such_rows(api: Client, settings: Any, viewset: Any) -> None:
    router = SimpleRouter()
    router.register("plots", viewset, basename="plots")
    settings.MIDDLEWARE = MIDDLEWARE
    settings.ROOT_URLCONF = Urls(path("own/", include(router.urls)))

    assert ["1~1", "1~2", "2~1"] == list(api.get("/own/plots/").json()["results"])
    assert "oat" == api.get("/own/plots/1~2/").json()["crop"]
    changed = api.patch("/own/plots/1~2/", '{"crop": "nut"}', "application/json")
    assert (200, "nut") == (changed.status_code, changed.json()["crop"])
    done = api.post("/own/plots/1~2/actions/sow/", '{"crop": "fig"}', "application/json")
    assert (200, "1~2") == (done.status_code, done.json()["pk"])
    assert 404 == api.get("/own/plots/-1~3/").status_code
    assert 404 == api.get("/own/plots/9~9/").status_code
