"""Flows that sign a user in and out. Only one of them runs at a time for one identity."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

from django_flex.client.dialects.base import Tokens
from django_flex.client.exceptions import (
    ApiError,
    ConfigurationError,
    InvalidCredentials,
    Problem,
    TransportError,
)
from django_flex.client.flows.effects import Exclusive, Flow
from django_flex.client.flows.exchange import exchange, spoken
from django_flex.client.flows.identity import Password, SessionLogin
from django_flex.client.flows.session import Session
from django_flex.client.messages import Reply, Request

_TOKEN_INPUT = re.compile(rb'name="csrfmiddlewaretoken"\s+value="([^"]+)"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ensure(session: Session) -> Flow[None]:
    """Log in if nobody has, and refresh a token that is about to expire."""
    identity = session.identity
    if not identity.can_renew:
        return
    if not identity.signed_in:
        yield Exclusive(identity, _signed_in(session))
    elif identity.expires_soon(session.clock()):
        yield Exclusive(identity, _refreshed_early(session))


def log_in(session: Session) -> Flow[None]:
    """Log in, whether or not somebody has.

    Raises:
        ConfigurationError: the client has nothing to log in with.
        InvalidCredentials: the server refuses it.
    """
    auth = session.identity.auth
    if isinstance(auth, SessionLogin):
        yield from _through_a_page(session, auth)
        return
    if not isinstance(auth, Password):
        raise ConfigurationError("This client has no password to log in with")
    if auth.refresh_token and not auth.password:
        yield from refresh(session)
        return
    if not auth.name or not auth.password:
        raise ConfigurationError("A login needs a name and a password")
    dialect = yield from spoken(session)
    request = dialect.login_request(auth.name, auth.password, auth.mode)
    reply = yield from exchange(session, _at(auth, request))
    yield from _accepted(session, auth, reply)


def refresh(session: Session) -> Flow[None]:
    """Exchange the refresh token for other tokens.

    Raises:
        ConfigurationError: there is none.
        AuthError: the server refuses it.
    """
    auth, identity = session.identity.auth, session.identity
    if not isinstance(auth, Password) or not (identity.refresh or identity.cookies):
        raise ConfigurationError("This client has nothing to refresh; log in first")
    dialect = yield from spoken(session)
    request = _at(auth, dialect.refresh_request(identity.refresh, auth.mode))
    if identity.cookies:
        request = _with_cookies(session, request)
    reply = yield from exchange(session, request)
    yield from _accepted(session, auth, reply)


def renew(session: Session, generation: int) -> Flow[bool]:
    """Get other credentials after a 401 to those of ``generation``, once for all that wait.

    Returns whether there are other ones. A refresh token that the server refuses is followed by a
    login, if the password is known.
    """
    identity = session.identity
    if identity.generation != generation:
        return True
    auth = identity.auth
    if isinstance(auth, Password) and identity.refresh:
        try:
            yield from refresh(session)
        except ApiError:
            identity.forget()
        else:
            return True
    if isinstance(auth, SessionLogin) or (isinstance(auth, Password) and auth.password):
        identity.forget()
        yield from log_in(session)
        return True
    return False


def log_out(session: Session) -> Flow[None]:
    """Tell the server, with what it needs, and forget the credentials in any case."""
    identity, auth = session.identity, session.identity.auth
    try:
        request = yield from _logout_request(session)
        if request is not None:
            headers = {**request.headers, **identity.headers(request)}
            reply = yield from exchange(session, replace(request, headers=headers))
            if reply.status >= 400:  # noqa: PLR2004 # RFC 9110, section 15.5
                dialect = yield from spoken(session)
                raise dialect.error(reply)
    finally:
        identity.forget()
        if isinstance(auth, Password):
            identity.refresh = ""


def _logout_request(session: Session) -> Flow[Request | None]:
    identity, auth = session.identity, session.identity.auth
    if isinstance(auth, SessionLogin):
        token = identity.cookies.get(auth.csrf_name, "")
        body = urlencode({"csrfmiddlewaretoken": token}).encode()
        return _page("POST", auth.logout_path, body) if identity.cookies else None
    if isinstance(auth, Password) and (identity.refresh or identity.cookies):
        dialect = yield from spoken(session)
        request = dialect.logout_request(identity.refresh, auth.mode)
        return request and _at(auth, request)
    return None


def _at(auth: Password, request: Request) -> Request:
    """Return a request for signing in at the path that the program names, if it names one."""
    if not auth.path:
        return request
    return replace(request, path=f"{auth.path.rstrip('/')}/{request.path.rpartition('/')[2]}")


def _signed_in(session: Session) -> Flow[None]:
    if session.identity.signed_in:  # another flow was faster
        return
    if session.identity.refresh:
        yield from refresh(session)
    else:
        yield from log_in(session)


def _refreshed_early(session: Session) -> Flow[None]:
    identity = session.identity
    if not identity.expires_soon(session.clock()) or not identity.refresh:
        return
    try:
        yield from refresh(session)
    except TransportError:
        return  # the old token may be valid for some seconds yet; a 401 renews it
    except ApiError:
        yield from renew(session, identity.generation)


def _accepted(session: Session, auth: Password, reply: Reply) -> Flow[None]:
    dialect = yield from spoken(session)
    if reply.status >= 400:  # noqa: PLR2004 # RFC 9110, section 15.5
        raise dialect.error(reply)
    session.identity.accept(dialect.tokens(reply), reply.cookies, session.clock())
    if not session.identity.signed_in:
        raise ConfigurationError(f"The login in mode {auth.mode!r} gave neither token nor cookie")


def _through_a_page(session: Session, auth: SessionLogin) -> Flow[None]:
    """Fetch the form of a login page of Django's, and post it."""
    page = yield from exchange(session, _page("GET", auth.path))
    token = _TOKEN_INPUT.search(page.content)
    cookies = dict(page.cookies)
    form = {
        "username": auth.username,
        "password": auth.password,
        "csrfmiddlewaretoken": token[1].decode() if token else cookies.get(auth.csrf_name, ""),
    }
    request = _page("POST", auth.path, urlencode(form).encode())
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    reply = yield from exchange(
        session, replace(request, headers={**request.headers, "Cookie": sent})
    )
    if auth.session_name not in reply.cookies:
        message = f"The login page {auth.path} did not accept the name and the password"
        raise InvalidCredentials(Problem(status=reply.status, message=message))
    session.identity.cookies = cookies
    session.identity.accept(Tokens(access=""), reply.cookies, session.clock())
    if auth.csrf_name not in session.identity.cookies:
        yield from _token_of_a_page(session, auth)


def _token_of_a_page(session: Session, auth: SessionLogin) -> Flow[None]:
    """Take the CSRF token from a form, where the server keeps it in the session.

    Who is logged in is sent on from some login pages, such as that of the admin.
    """
    path = auth.path
    for _ in range(2):
        page = yield from exchange(session, _with_cookies(session, _page("GET", path)))
        token = _TOKEN_INPUT.search(page.content)
        if token:
            session.identity.cookies[auth.csrf_name] = token[1].decode()
        path = page.headers.get("location", "")
        if token or not path.startswith("/") or path.startswith("//"):
            return


def _page(method: str, path: str, content: bytes | None = None) -> Request:
    headers = _FORM if content is not None else {}
    return Request(
        method=method,
        path=path,
        content=content,
        headers=headers,
        anonymous=True,
        safe=method == "GET",
    )


def _with_cookies(session: Session, request: Request) -> Request:
    sent = "; ".join(f"{name}={value}" for name, value in session.identity.cookies.items())
    return replace(request, headers={**request.headers, "Cookie": sent})
