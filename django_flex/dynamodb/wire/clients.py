"""Requests by a client of botocore."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError
from botocore.session import get_session

from django_flex.dynamodb.configuration import Configuration
from django_flex.dynamodb.core.parsing import PlainParsers

Response = dict[str, Any]


class Transport(Protocol):
    """What sends requests, each of them once."""

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        """Return the response to an operation such as ``GetItem``.

        Raises:
            ClientError: DynamoDB refuses.
            BotoCoreError: there is no response.
        """
        ...


def session_of(found: Configuration) -> Any:
    """Return a session of botocore with the credentials of a configuration, if it has some."""
    session = get_session()
    session.register_component("response_parser_factory", PlainParsers())
    if found.access_key and found.secret_key:
        session.set_credentials(found.access_key, found.secret_key, found.session_token)
    return session


def place_of(found: Configuration) -> tuple[str | None, str]:
    """Return the region and the URL that requests go to, whatever says so.

    A region that the project leaves open is that of botocore. Nothing is sent.
    """
    region: str | None = found.region or session_of(found).get_config_variable("region")
    url = found.host or f"https://dynamodb.{region}.amazonaws.com"
    return region, url.rstrip("/").lower()


class BotocoreTransport:
    """Sends requests by a client of botocore, which is made when it is needed.

    Attributes:
        session: of botocore.
    """

    def __init__(self, found: Configuration, session: Any = None) -> None:
        self.session: Any = session or session_of(found)
        self._configuration = found

    @cached_property
    def client(self) -> Any:
        """Return the client."""
        found = self._configuration
        return self.session.create_client(
            "dynamodb",
            region_name=found.region,
            endpoint_url=found.host,
            config=Config(
                # Requests are built from the schema, and the server checks them all the same.
                parameter_validation=False,
                connect_timeout=found.connect_timeout,
                read_timeout=found.read_timeout,
                max_pool_connections=found.pool_size,
                # Requests are sent again above it, whatever sends them.
                retries={"total_max_attempts": 1, "mode": "standard"},
            ),
        )

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        """Return the response to an operation."""
        send: Any = self.client._make_api_call  # noqa: SLF001 - by name, as PynamoDB does
        try:
            response: Response = send(operation, parameters)
        except SSLError as error:
            if _is_refused(error):
                raise
            # It may have broken after the request was sent, which botocore does not tell.
            raise HTTPClientError(error="SSLError") from error
        except (ClientError, BotoCoreError):
            raise
        except Exception as error:
            # What its parsers raise for an answer that is not as DynamoDB's are.
            raise HTTPClientError(error=type(error).__name__) from error
        return response


def _is_refused(error: SSLError) -> bool:
    """Whether the server has another certificate than expected, so that nothing was sent to it."""
    cause: BaseException | None = error
    while cause is not None:
        parts = (*cause.args, getattr(cause, "kwargs", {}).get("error"))
        following = next((one for one in parts if isinstance(one, Exception)), None)
        if isinstance(following, ssl.SSLCertVerificationError):
            return True
        cause = following
    return False
