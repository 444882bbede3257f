"""The guided tour: who can sign in, and the queries and writes to try.

The ``demo`` command, the landing page, the tests and the documentation all read from here. Nothing
in this module needs Django.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login of the demonstration."""

    username: str
    password: str
    # What the account may see, in one line.
    sees: str
    group: str = ""
    # The email address of this employee or customer in the loaded data.
    email: str = ""
    is_superuser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TourQuery:
    """A request to try, and what it shows."""

    title: str
    path: str
    shows: str
    account: Account | None = None
    method: str = "GET"
    body: Mapping[str, object] | None = None

    @property
    def role(self) -> str:
        """Return the role in which the query is made."""
        return self.account.group if self.account else "anonymous"

    @property
    def credentials(self) -> str:
        """Return ``user:password``, or nothing for an anonymous query."""
        return f"{self.account.username}:{self.account.password}" if self.account else ""

    @property
    def body_text(self) -> str:
        """Return the body as JSON, or nothing."""
        return "" if self.body is None else json.dumps(self.body)


LUIS = Account(
    username="luis",
    password="luis-demo",
    group="customers",
    email="luisg@embraer.com.br",
    sees="the catalogue, his own record, and what he bought",
)
JANE = Account(
    username="jane",
    password="jane-demo",
    group="agents",
    email="jane@chinookcorp.com",
    sees="the catalogue, the customers whom she looks after, and what they bought",
)
ANDREW = Account(
    username="andrew",
    password="andrew-demo",
    group="managers",
    email="andrew@chinookcorp.com",
    sees="everything",
)
ADMIN = Account(
    username="admin",
    password="admin-demo",
    is_superuser=True,
    sees="everything, and Django's admin",
)
ACCOUNTS = (LUIS, JANE, ANDREW, ADMIN)

TOUR = (
    TourQuery(
        title="A visitor looks through the catalogue",
        path=(
            "/api/tracks/?fields=name,composers,album.title,album.artist.name"
            "&filters.composers.icontains=Hetfield&order_by=-milliseconds&limit=3"
        ),
        shows="Nested fields over two relations, and a filter inside a JSON list of composers.",
    ),
    TourQuery(
        title="A customer looks at what he bought",
        account=LUIS,
        path="/api/invoices/?fields=invoiced_at,total,customer.email&order_by=-invoiced_at",
        shows="Row permissions: of the shop's 412 invoices Luis sees the 7 that are his.",
    ),
    TourQuery(
        title="A support agent looks for her best customers",
        account=JANE,
        path=(
            "/api/customers/?fields=first_name,last_name,country"
            "&filters.invoices.total.gte=15&order_by=last_name"
        ),
        shows="A filter over a to-many relation: her customers with an invoice of 15 or more.",
    ),
    TourQuery(
        title="The manager looks at the largest sales",
        account=ANDREW,
        path=(
            "/api/invoices/?fields=invoiced_at,total,customer.last_name,"
            "customer.support_rep.first_name&order_by=-total&limit=3"
        ),
        shows="The same URL as for Luis, in another role: the three largest of all 412 invoices.",
    ),
    TourQuery(
        title="The agent sends a longer query in the body",
        account=JANE,
        method="POST",
        path="/api/invoices/query",
        body={
            "fields": "invoiced_at, total, billing_country, customer.last_name",
            "filters": {
                "invoiced_at.gte": {"$now": "-90d"},
                "or": {"total.gte": 5, "billing_country.in": ["France", "USA"]},
                "not": {"customer.country": "Finland"},
            },
            "order_by": "-total, invoiced_at",
            "limit": 5,
        },
        shows="The query as a JSON body: the last 90 days, with 'or', 'not' and a list of values.",
    ),
    TourQuery(
        title="A customer corrects his own record",
        account=LUIS,
        method="PATCH",
        path="/api/customers/1",
        body={"phone": "+55 (12) 3923-5566", "_fields": "first_name, phone"},
        shows="A write: one column of his own row. He cannot change his agent, or any other row.",
    ),
    TourQuery(
        title="The manager tries a new price",
        account=ANDREW,
        method="PATCH",
        path="/api/tracks/1",
        body={"unit_price": "1.29", "_fields": "name, unit_price", "_dry_run": True},
        shows="A dry run: validated, written, and rolled back.",
    ),
    TourQuery(
        title="The agent refunds an invoice",
        account=JANE,
        method="POST",
        path="/api/invoices/98/actions/refund/",
        body={"reason": "Bought twice", "_fields": "total, customer.last_name"},
        shows="A model action: only for her own customers, up to 10, and only once for each invoice.",
    ),
    TourQuery(
        title="The manager archives playlists",
        account=ANDREW,
        method="POST",
        path="/api/playlists/actions/archive/",
        body={"_filters": {"name.in": ["Movies", "Audiobooks"]}, "_expect": 4, "_fields": "name"},
        shows="An action on many rows, selected by a filter: all of them, or none unless there are 4.",
    ),
    TourQuery(
        title="The manager recounts the sales",
        account=ANDREW,
        method="POST",
        path="/api/tracks/actions/rebuild_statistics/",
        body={},
        shows="An action on the model as a whole. Every run is logged: see Action events in the admin.",
    ),
)

#: What can be tried with a second database.
PLAYS_TOUR = (
    TourQuery(
        title="A customer looks at what he has played",
        account=LUIS,
        path="/api/plays/?fields=played_at,track,device&order_by=-played_at&limit=3",
        shows="A table of DynamoDB: the row rule is the key by which the plays are found.",
    ),
    TourQuery(
        title="The manager asks without a key",
        account=ANDREW,
        path="/api/plays/?filters.track=1",
        shows="DynamoDB would have to read the whole table, so the reply says which keys there are.",
    ),
    TourQuery(
        title="The manager looks at the plays in cars",
        account=ANDREW,
        path="/api/plays/?filters.device=car&order_by=-played_at&limit=3&count=true",
        shows="An index finds them, and sorts them by their time.",
    ),
)


def curl_command(query: TourQuery, base_url: str) -> str:
    """Return the command line that makes the query; ``base_url`` is without a slash at the end."""
    words = ["curl", "-s"]
    if query.credentials:
        words += ["-u", query.credentials]
    # Without -X, curl sends a POST where there is a body and a GET where there is none.
    if query.method != ("GET" if query.body is None else "POST"):
        words += ["-X", query.method]
    if query.body is not None:
        words += ["-H", "Content-Type: application/json", "-d", query.body_text]
    return shlex.join([*words, base_url + query.path])
