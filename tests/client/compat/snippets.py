"""The snippets of the documents of py-directus and py-directus2, word for word.

Only parentheses are added where a chain of calls stands on several lines, which is no Python
without them. Behind each one are the requests that it makes: method, path, and body or query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOGIN = ("POST /auth/login", {"email": "user@example.com", "password": "secret", "mode": "json"})
LOGOUT = ("POST /auth/logout", {"refresh_token": "refresh-1", "mode": "json"})
USERS = "SEARCH /users"


@dataclass(frozen=True)
class Snippet:
    name: str
    text: str
    asked: list[tuple[str, Any]]


def read(**query: Any) -> list[tuple[str, Any]]:
    return [(USERS, {"query": query})]


SNIPPETS = [
    Snippet(
        "login_with_email_and_password",
        """
from py_directus import Directus

directus = await Directus("https://example.com", email="user@example.com", password="secret")
""",
        [LOGIN],
    ),
    Snippet(
        "login_with_a_static_token",
        """
from py_directus import Directus

directus = await Directus("https://example.com", token="static_token")
""",
        [],
    ),
    Snippet(
        "login_by_hand",
        """
async with Directus(url, email, password) as directus:
    # Manually login
    await directus.login()
    # Manually start cache
    await directus.start_cache()
    # do stuff
""",
        [LOGIN, LOGOUT],
    ),
    Snippet(
        "login_at_the_beginning_of_a_block",
        """
async with await Directus(url, email, password) as directus:
    # do stuff
    pass
""",
        [LOGIN, LOGOUT],
    ),
    Snippet(
        "refresh",
        "directus = await Directus(url, email, password)\nawait directus.refresh()",
        [LOGIN, ("POST /auth/refresh", {"mode": "json", "refresh_token": "refresh-1"})],
    ),
    Snippet(
        "logout",
        "directus = await Directus(url, email, password)\nawait directus.logout()",
        [LOGIN, LOGOUT],
    ),
    Snippet(
        "several_users",
        """
connection = httpx.AsyncClient()
directus1 = await Directus(url, token=token, connection=connection)
directus2 = await Directus(url, email=email, password=password, connection=connection)
""",
        [LOGIN],
    ),
    Snippet("collection_by_name", 'directus.collection("directus_users")', []),
    Snippet(
        "collection_by_model",
        """
from typing import Optional

from pydantic import ConfigDict

from py_directus.models import DirectusModel


class User(DirectusModel):
    id: Optional[str]
    first_name: Optional[str]
    last_name: Optional[str]
    avatar: Optional[str]
    description: Optional[str]
    email: Optional[str]
    role: Optional[str] | Optional[Role]
    status: Optional[str]
    title: Optional[str]
    token: Optional[str]

    model_config = ConfigDict(collection="directus_users")


directus.collection(User)
""",
        [],
    ),
    Snippet("read", 'await directus.collection("directus_users").read()', read()),
    Snippet(
        "filter",
        'await directus.collection("directus_users").filter(first_name="John").read()',
        read(filter={"first_name": {"_eq": "John"}}),
    ),
    Snippet(
        "filters",
        """
await (directus.collection("directus_users")
.filter(first_name="John")
.filter(last_name="Doe").read())
""",
        read(filter={"_and": [{"first_name": {"_eq": "John"}}, {"last_name": {"_eq": "Doe"}}]}),
    ),
    Snippet(
        "conditions",
        """
from py_directus import F

await (directus.collection("directus_users")
.filter(
    (F(first_name="John") | F(first_name="Jane"))
    & F(last_name="Doe")
).read())
""",
        read(
            filter={
                "_and": [
                    {"_or": [{"first_name": {"_eq": "John"}}, {"first_name": {"_eq": "Jane"}}]},
                    {"last_name": {"_eq": "Doe"}},
                ]
            }
        ),
    ),
    Snippet(
        "sort",
        'await directus.collection("directus_users").sort("first_name", asc=True).read()',
        read(sort=["first_name"]),
    ),
    Snippet(
        "sorts",
        """
await (directus.collection("directus_users")
.sort("first_name", asc=True)
.sort("last_name", asc=False).read())
""",
        read(sort=["first_name", "-last_name"]),
    ),
    Snippet(
        "limit",
        'await directus.collection("directus_users").limit(10).read()',
        read(limit=10),
    ),
    Snippet(
        "aggregate",
        'await directus.collection("directus_users").aggregate().read()',
        read(aggregate={"count": "*"}),
    ),
    Snippet(
        "aggregate_all",
        'await directus.collection("directus_users").aggregate(count="*").read()',
        read(aggregate={"count": "*"}),
    ),
    Snippet(
        "aggregates",
        """
await (directus.collection("products")
.aggregate(countDistinct="id")
.aggregate(sum="price").read())
""",
        [
            (
                "SEARCH /items/products",
                {"query": {"aggregate": {"countDistinct": ["id"], "sum": ["price"]}}},
            )
        ],
    ),
    Snippet(
        "aggregate_object",
        """
from py_directus.aggregator import Agg

agg_obj = Agg(operator=AggregationOperators.Count)

await directus.collection("directus_users").aggregate(agg_obj).read()
""",
        read(aggregate={"count": "*"}),
    ),
    Snippet(
        "aggregate_object_of_a_field",
        """
from py_directus.aggregator import Agg

amount_agg = Agg(operator=AggregationOperators.Sum, fields="amount")

await directus.collection("transactions").aggregate(amount_agg).read()
""",
        [("SEARCH /items/transactions", {"query": {"aggregate": {"sum": ["amount"]}}})],
    ),
    Snippet(
        "group_by",
        'await directus.collection("directus_users").group_by("first_name", "last_name").read()',
        read(groupBy=["first_name", "last_name"]),
    ),
    Snippet(
        "search",
        'await directus.collection("directus_users").search("John").read()',
        read(search="John"),
    ),
    Snippet(
        "fields",
        'await directus.collection("directus_users").fields("first_name", "last_name").read()',
        read(fields=["first_name", "last_name"]),
    ),
    Snippet(
        "include_count",
        'await directus.collection("directus_users").include_count().read()',
        read(meta="*"),
    ),
    Snippet(
        "list_collections",
        "collections = await directus.list_collections()\nprint(collections)",
        [("GET /collections", {})],
    ),
    Snippet(
        "items",
        """
response = await directus.collection("directus_users").read()
print(response.item["first_name"])
print(response.items)
""",
        read(),
    ),
    Snippet(
        "items_of_a_model",
        """
response = await directus.collection(User).read()
print(response.item.first_name)
print(response.items)
""",
        read(),
    ),
    Snippet(
        "metadata",
        """
metadata = await directus.collection(collection).metadata()
fields = await directus.collection(collection).fields_list()
""",
        [("GET /collections/products", {}), ("GET /fields/products", {})],
    ),
    Snippet(
        "item_as",
        """
response = await directus.collection("directus_users").read()
print(response.item_as(User))

response = await directus.collection(User).read()
print(response.item_as_dict())
""",
        read() + read(),
    ),
    Snippet(
        "create",
        """
await directus.collection("directus_users").create({
    "first_name": "John", "last_name": "Doe"
})
""",
        [("POST /users", {"first_name": "John", "last_name": "Doe"})],
    ),
    Snippet(
        "create_several",
        """
await directus.collection("directus_users").create(
    [
        {"first_name": "John", "last_name": "Doe"},
        {"first_name": "Jane", "last_name": "Doe"}
    ]
)
""",
        [
            (
                "POST /users",
                [
                    {"first_name": "John", "last_name": "Doe"},
                    {"first_name": "Jane", "last_name": "Doe"},
                ],
            )
        ],
    ),
    Snippet(
        "update",
        """
await directus.collection("directus_users").update(1, {
    "first_name": "Red",
    "last_name": "John"
})
""",
        [("PATCH /users/1", {"first_name": "Red", "last_name": "John"})],
    ),
    Snippet(
        "update_several",
        """
await directus.collection("directus_users").update(
    [1, 2],
    [
        {"first_name": "Jean-Luc"},
        {"first_name": "Jane", "last_name": "Doe"}
    ]
)
""",
        [
            (
                "PATCH /users",
                [
                    {"id": 1, "first_name": "Jean-Luc"},
                    {"id": 2, "first_name": "Jane", "last_name": "Doe"},
                ],
            )
        ],
    ),
    Snippet(
        "delete",
        'await directus.collection("directus_users").delete(1)',
        [("DELETE /users/1", {})],
    ),
    Snippet(
        "delete_several",
        'await directus.collection("directus_users").delete([1, 2])',
        [("DELETE /users", [1, 2])],
    ),
    Snippet("clear_cache", "await directus.clear_cache()", []),
]
