"""Items of DynamoDB through querysets and through the API, beside PynamoDB.

Measured by turns, against dynalite, in a process of its own, for dynalite takes the processor as well
and must not count. It prints JSON: by case the milliseconds of processor time of each, and the ratio.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.dynamodb.servers import program, served

ITEMS = 500
ROUNDS = 21
#: How often each is asked in a turn: a list takes as long as many gets.
REPEATS = {"values": 2, "bytes": 2, "get": 40}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
#: The attributes of an item.
NAMES = ("listener", "moment", "title", "device", "genre", "plays", "skipped")


def prepare(  # noqa: PLR0915 - one contender after the other
    host: str,
) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Set a project up, fill a table, and return one request to each, by case: ours, then theirs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory
    from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
    from pynamodb.models import Model

    from django_flex import FlexQueryView
    from django_flex.backends.dynamodb import register
    from django_flex.dynamodb.models import DynamoModel

    settings.PYDJAMODB_DATABASE = {**KEYS, "HOST": host}

    class Tune(DynamoModel):
        listener = UnicodeAttribute(hash_key=True)
        moment = NumberAttribute(range_key=True)
        title = UnicodeAttribute()
        device = UnicodeAttribute()
        genre = UnicodeAttribute()
        plays = NumberAttribute()
        skipped = BooleanAttribute()

        class Meta:
            table_name = "tune"

    class PlainTune(Model):
        listener = UnicodeAttribute(hash_key=True)
        moment = NumberAttribute(range_key=True)
        title = UnicodeAttribute()
        device = UnicodeAttribute()
        genre = UnicodeAttribute()
        plays = NumberAttribute()
        skipped = BooleanAttribute()

        class Meta:
            table_name = "tune"
            region = KEYS["AWS_REGION"]
            aws_access_key_id = aws_secret_access_key = "test"

    plain: Any = PlainTune
    plain.Meta.host = host
    PlainTune.create_table(read_capacity_units=5, write_capacity_units=5, wait=True)
    with PlainTune.batch_write() as batch:
        for n in range(ITEMS):
            batch.save(
                PlainTune(
                    listener="ada",
                    moment=n,
                    title=f"A song with the number {n}",
                    device=("phone", "radio")[n % 2],
                    genre=("jazz", "rock", "folk")[n % 3],
                    plays=n * 7,
                    skipped=n % 5 == 0,
                )
            )
    resource = register(Tune, "club.tune")
    grant = {"fields": ["*"], "filters": ["listener"], "ops": ["list"]}
    options = {"model": resource, "require_auth": False, "flex_permissions": {"anon": grant}}
    options["allowed_actions"] = ["list"]
    settings.DJANGO_FLEX = {"MAX_LIMIT": ITEMS, "REQUIRE_AUTHENTICATION": False}
    made: Any = type("TuneView", (FlexQueryView,), options)
    view, factory = made.as_view(), RequestFactory()

    def listed() -> list[dict[str, Any]]:
        return [*Tune.objects.filter(listener="ada").values()]

    def plainly() -> list[dict[str, Any]]:
        return [{name: getattr(one, name) for name in NAMES} for one in PlainTune.query("ada")]

    def sent() -> Any:
        request = factory.get(f"/tunes/?filters.listener=ada&limit={ITEMS}&shape=list")
        request.user = AnonymousUser()
        response = view(request)
        assert 200 == response.status_code, response.content
        return response.content

    def found() -> dict[str, Any]:
        one = Tune.objects.get(listener="ada", moment=7)
        return {name: getattr(one, name) for name in NAMES}

    def plainly_found() -> dict[str, Any]:
        one = PlainTune.get("ada", 7)
        return {name: getattr(one, name) for name in NAMES}

    rows = [{name: one[name] for name in NAMES} for one in json.loads(sent())["results"]]
    assert rows == listed() == plainly()
    assert len(rows) == ITEMS
    assert found() == plainly_found() == rows[7]
    return {
        "values": (listed, plainly),
        "bytes": (sent, plainly),
        "get": (found, plainly_found),
    }


def measure(send: Callable[[], Any], repeat: int) -> float:
    """Return the milliseconds of processor time of one request."""
    started = time.process_time()
    for _ in range(repeat):
        send()
    return (time.process_time() - started) / repeat * 1_000


def compared(ours: Callable[[], Any], theirs: Callable[[], Any], repeat: int) -> dict[str, float]:
    """Return what each takes, and the median of the ratios of turns side by side."""
    for send in (ours, theirs):
        measure(send, repeat)
    gc.collect()
    gc.freeze()
    turns: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        order = (ours, theirs) if number % 2 else (theirs, ours)
        first, second = (measure(send, repeat) for send in order)
        turns.append((first, second) if number % 2 else (second, first))
    return {
        "ours": statistics.quantiles([one for one, _ in turns])[0],
        "theirs": statistics.quantiles([other for _, other in turns])[0],
        "ratio": statistics.median(one / other for one, other in turns),
    }


def main() -> None:
    """Print what each takes by case; nothing without dynalite."""
    server = program("dynalite")
    if server is None:
        print("{}")
        return
    with served("dynalite", server) as port:
        cases = prepare(f"http://127.0.0.1:{port}")
        found = {name: compared(*both, REPEATS[name]) for name, both in cases.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
