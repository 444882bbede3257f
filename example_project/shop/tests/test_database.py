"""One variable chooses the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from music_shop.database import database_settings

FILE = Path("shop.sqlite3")


def test_is_sqlite_without_a_url() -> None:
    assert database_settings("", FILE) == {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE}


def test_takes_every_part_of_a_postgres_url() -> None:
    url = "postgres://ann%40shop:p%2Fss@db.example:5433/music%20shop?sslmode=require"

    assert database_settings(url, FILE) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "music shop",
        "USER": "ann@shop",
        "PASSWORD": "p/ss",
        "HOST": "db.example",
        "PORT": 5433,
        "OPTIONS": {"sslmode": "require"},
    }


def test_leaves_to_the_driver_what_a_postgres_url_does_not_say() -> None:
    assert database_settings("postgresql:///shop", FILE) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "OPTIONS": {},
    }


def test_refuses_another_database_without_repeating_the_password() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        database_settings("mysql://ann:hush@localhost/shop", FILE)

    assert "postgres://" in str(caught.value)
    assert "hush" not in str(caught.value)
