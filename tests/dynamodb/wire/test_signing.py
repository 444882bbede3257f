"""Our signatures are those of botocore."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from django_flex.dynamodb.wire.signing import signed_headers

NOW = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("token", [None, "a/session+token=="], ids=["keys", "session"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "dynamodb.eu-central-1.amazonaws.com"])
def test_signatures_are_those_of_botocore(
    host: str, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "get_current_datetime", lambda: NOW)
    dice = random.Random(host)
    for _ in range(50):
        body = "".join(dice.choices('{}[]":, äß\u2028AZ09', k=dice.randrange(80))).encode()
        credentials = Credentials("AKID", "".join(dice.choices("Ab/+9", k=40)), token)
        ours = signed_headers(
            "Query", body, host=host, region="eu-central-1", credentials=credentials, now=NOW
        )

        assert of_botocore(host, body, credentials) == ours["authorization"]


def of_botocore(host: str, body: bytes, credentials: Any) -> str:
    request = AWSRequest(
        method="POST",
        url=f"https://{host}/",
        data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "DynamoDB_20120810.Query",
        },
    )
    auth.SigV4Auth(credentials, "dynamodb", "eu-central-1").add_auth(request)
    return str(request.headers["Authorization"])
