"""Who is an administrator in the policies of Directus."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.contrib.directus.importing.policies import read_policies

ROLE = {"id": "r", "name": "Some"}


@pytest.mark.parametrize(
    ("written", "is_admin"),
    [
        *((one, True) for one in (True, 1)),
        *((one, False) for one in (False, 0, None, "false", "0", "f", "true", "1", [True], 2)),
    ],
    ids=repr,
)
def test_only_a_yes_makes_an_administrator(written: Any, is_admin: bool) -> None:
    old = {"roles": [{**ROLE, "admin_access": written}], "permissions": []}
    new = {
        "roles": [ROLE],
        "permissions": [],
        "policies": [{"id": "p", "name": "All", "admin_access": written}],
        "access": [{"role": "r", "user": None, "policy": "p"}],
    }
    for document in (old, new):
        roles, _ = read_policies(document)
        assert [is_admin] == [one.is_admin for one in roles if one.name == "Some"]
