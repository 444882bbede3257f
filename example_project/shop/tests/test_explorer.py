"""The explorer in the shop: where it is, and the way to it from the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse

from django_flex.conf import written_settings

INVOICES = '<a href="/explorer/#q=%7B%22_model%22%3A%22invoice%22%7D">Open in the explorer</a>'


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_the_landing_page_leads_to_it(client: Client) -> None:
    assert 'href="/explorer/"' in client.get("/").content.decode()


def test_the_admin_leads_to_it(staff: Client) -> None:
    assert INVOICES in staff.get(reverse("admin:shop_invoice_changelist")).content.decode()


@pytest.mark.parametrize("changed", [{"EXPLORER": "off"}, {"EXPOSE": {}}], ids=["off", "hidden"])
def test_the_admin_does_not_lead_to_what_is_not_there(staff: Client, changed: Any) -> None:
    written: Any = written_settings()
    with override_settings(DJANGO_FLEX={**written, **changed}):
        page = staff.get(reverse("admin:shop_invoice_changelist")).content.decode()

    assert "Open in the explorer" not in page
