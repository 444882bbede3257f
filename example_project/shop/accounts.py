"""Create the logins of the tour, and the groups that are their roles."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db import transaction

from shop.models import Customer, Employee, Person
from shop.tour import ACCOUNTS, Account

PEOPLE: tuple[type[Person], ...] = (Employee, Customer)


def create_accounts() -> None:
    """Create the logins that are missing; those that exist stay as they are."""
    existing = set(User.objects.values_list("username", flat=True))
    for account in ACCOUNTS:
        if account.username not in existing:
            _create(account)


@transaction.atomic
def _create(account: Account) -> None:
    create = User.objects.create_superuser if account.is_superuser else User.objects.create_user
    user = create(account.username, account.email, account.password)
    if account.group:
        user.groups.add(Group.objects.get_or_create(name=account.group)[0])
    if account.email:
        for model in PEOPLE:
            model._default_manager.filter(email=account.email).update(user=user)
