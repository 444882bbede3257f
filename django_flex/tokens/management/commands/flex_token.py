"""``manage.py flex_token``: creates, lists, revokes and deletes tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from django_flex.access.users import find_user
from django_flex.tokens import static
from django_flex.tokens.logins import revoke_all
from django_flex.tokens.models import Login, StaticToken, database
from django_flex.tokens.pruning import prune

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.core.management.base import CommandParser

HEAD = ("id", "name", "user", "ends in", "created", "expires", "state")


class Command(BaseCommand):
    """Manages static tokens, and ends logins."""

    help = "Creates, lists and revokes static tokens, and ends the logins of a user."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the commands."""
        commands = parser.add_subparsers(dest="command", required=True)
        create = commands.add_parser("create", help="Create a token, and print it once.")
        create.add_argument("user", help="Name (or primary key) of the user it is for.")
        create.add_argument("--name", required=True, help="What it is for.")
        create.add_argument("--days", type=int, help="Days until it expires; by default never.")
        listing = commands.add_parser("list", help="List static tokens, and count logins.")
        listing.add_argument("user", nargs="?", help="Only those of this user.")
        revoke = commands.add_parser("revoke", help="Revoke a token, or all that a user has.")
        which = revoke.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="?", type=int, help="Number of the static token.")
        which.add_argument("--user", help="Revoke all tokens and logins of this user.")
        pruning = commands.add_parser("prune", help="Delete what is over.")
        pruning.add_argument("--days", type=int, default=30, help="Keep what was valid until then.")

    def handle(self, **options: Any) -> None:
        """Run one of the commands."""
        run = {
            "create": self._create,
            "list": self._list,
            "revoke": self._revoke,
            "prune": self._prune,
        }
        run[options["command"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        longest = StaticToken._meta.get_field("name").max_length or 0
        if not 0 < len(options["name"].strip()) <= longest:
            raise CommandError(f"A name has 1 to {longest} characters")
        user = find_user(options["user"])
        if not getattr(user, "is_active", True):
            raise CommandError(f"The user '{options['user']}' is not active")
        made = static.create(user, options["name"].strip(), expires_at=_end(options["days"]))
        # The token alone on standard output, so that a script can take it.
        self.stderr.write(f"Token {made.id} is shown only now; store it where it is needed.")
        self.stdout.write(made.token)

    def _list(self, options: dict[str, Any]) -> None:
        tokens = StaticToken.objects.using(database()).select_related("user")
        logins = Login.objects.using(database()).filter(
            revoked_at=None, expires_at__gt=timezone.now()
        )
        if options["user"] is not None:
            user: Any = find_user(options["user"])
            tokens, logins = tokens.filter(user=user), logins.filter(user=user)
        rows = [_row(token) for token in tokens]
        for line in _table([HEAD, *rows]) if rows else ["No static tokens."]:
            self.stdout.write(line)
        self.stdout.write(f"Logins that are valid: {logins.count():,}")

    def _revoke(self, options: dict[str, Any]) -> None:
        if options["user"] is None:
            if not static.revoke(options["id"]):
                raise CommandError(f"There is no valid token {options['id']}")
            self.stdout.write(f"Token {options['id']} is revoked.")
            return
        user = find_user(options["user"])
        tokens, logins = static.revoke_all(user), revoke_all(user)
        self.stdout.write(f"Revoked: {tokens:,} static tokens, {logins:,} logins.")

    def _prune(self, options: dict[str, Any]) -> None:
        if not 0 <= options["days"] <= _MOST_DAYS:
            raise CommandError(f"--days is a number from 0 to {_MOST_DAYS:,}")
        done = prune(days=options["days"])
        self.stdout.write(f"Deleted: {done.static_tokens:,} static tokens, {done.logins:,} logins.")


#: Ten years, in days.
_MOST_DAYS = 3_650


def _end(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 0 < days <= _MOST_DAYS:
        raise CommandError(f"--days is a number from 1 to {_MOST_DAYS:,}")
    return timezone.now() + timedelta(days=days)


def _row(token: StaticToken) -> Sequence[str]:
    return (
        str(token.pk),
        token.name,
        token.user.get_username(),
        token.ending,
        f"{token.created_at:%Y-%m-%d}",
        f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "never",
        token.state,
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield the lines of a table of texts, columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()
