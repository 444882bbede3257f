"""How far it is from a door to the analysis of a list."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.test import RequestFactory

from django_flex import FlexQueryView
from django_flex.analysis.authorize import authorize
from django_flex.engine import answer, execution
from django_flex.engine.reading import READ
from tests.testapp.models import Booking

MOST = 6


class View(FlexQueryView):
    model = Booking
    flex_permissions = {"anon": "*"}
    require_auth = False


def test_a_list_is_no_more_than_six_functions_from_the_door_to_the_analysis(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    """Each function on the way is one that a reader has to go through to find out what is done."""
    way: list[str] = []

    def noting(*args: Any) -> Any:
        frame: Any = sys._getframe(1)  # the caller: what is between is counted, not this
        while frame is not None and frame.f_code.co_name != "dispatch":
            if frame.f_globals["__name__"].startswith("django_flex."):
                way.append(f"{frame.f_globals['__name__']}.{frame.f_code.co_name}")
            frame = frame.f_back
        return authorize(*args)

    noted = partial(answer, replace(READ, authorize=noting))
    monkeypatch.setattr(execution, "ANSWERS", {**execution.ANSWERS, "list": noted})
    response = View.as_view()(RequestFactory().get("/"))

    assert 200 == response.status_code
    door = "django_flex.views._serve"
    assert door == way[-1]
    assert len(way[:-1]) <= MOST, way
