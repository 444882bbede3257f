"""Run by a process of its own: creates the tables and the people of ``process_settings``."""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command

    from django_flex.tokens.static import create
    from tests.testapp.models import Place, Tag

    call_command("migrate", run_syncdb=True, verbosity=0)
    for name, group in [("clara", "clerks"), ("rosa", "readers"), ("gus", "guests")]:
        user = User.objects.create_user(username=name)
        user.groups.add(Group.objects.create(name=group))
    User.objects.create_user(username="ina", is_active=False)
    Tag.objects.create(slug="a", date="one")
    Place.objects.create(name="quick")
    sys.stdout.write(create(User.objects.get(username="rosa"), name="agent").token)


if __name__ == "__main__":
    main()
