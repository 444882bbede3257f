"""The Basic authentication of the demonstration."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from shop.authentication import DemoBasicAuthentication
from shop.tour import LUIS

from django_flex.exceptions import AuthenticationFailedError

pytestmark = pytest.mark.django_db


def request_with(authorization: str) -> HttpRequest:
    return RequestFactory().get("/api/", headers={"authorization": authorization})


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_returns_the_user_of_the_right_password() -> None:
    user = DemoBasicAuthentication().authenticate(
        request_with(basic(f"{LUIS.username}:{LUIS.password}"))
    )

    assert user is not None
    assert user.get_username() == "luis"


@pytest.mark.parametrize("authorization", ["", "Bearer abc"])
def test_leaves_other_requests_to_other_authenticators(authorization: str) -> None:
    assert DemoBasicAuthentication().authenticate(request_with(authorization)) is None


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(basic("luis:wrong"), id="wrong password"),
        pytest.param(basic("nobody:luis-demo"), id="unknown user"),
        pytest.param(basic("luis"), id="no password"),
        pytest.param("Basic", id="nothing"),
        pytest.param("Basic !!!", id="no base64"),
        pytest.param("Basic " + b64encode(b"\xff:x").decode(), id="no UTF-8"),
    ],
)
def test_refuses_what_is_no_login(authorization: str) -> None:
    with pytest.raises(AuthenticationFailedError):
        DemoBasicAuthentication().authenticate(request_with(authorization))


def test_says_how_to_sign_in() -> None:
    header = DemoBasicAuthentication().authenticate_header(RequestFactory().get("/"))

    assert header.startswith("Basic realm=")
