"""The client in a program without Django, and in one that reads very many rows."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_DJANGO = """
import asyncio, sys
sys.modules["django"] = None  # every import of it fails
import httpx2
from django_flex.client import ApiError, AsyncClient, Client

reply = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"data": [{"id": 1}]}))
refusal = httpx2.MockTransport(lambda request: httpx2.Response(403, json={"errors": []}))

def collection(kind, http):
    return kind("https://server.example/", dialect="directus", http=http).collection("items")

async def main():
    return await collection(AsyncClient, httpx2.AsyncClient(transport=reply)).list()

print(collection(Client, httpx2.Client(transport=reply)).list().items, asyncio.run(main()).items)
try:
    collection(Client, httpx2.Client(transport=refusal)).list()
except ApiError as error:
    print(error.status)
"""


@pytest.mark.exhaustive
def test_the_client_works_where_django_is_not_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[{'id': 1}] [{'id': 1}]\n403\n", "")


WITHOUT_MODELS = """
import sys
import httpx2
from django_flex.client import *

reply = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"data": [{"id": 1}]}))
http = httpx2.Client(transport=reply)
items = Client("https://server.example/", dialect="directus", http=http).collection("items")
assert items.filter(id=1).list().items == list(items.iter()) == [{"id": 1}]
assert items.create({"id": 2})
print("pydantic.main" in sys.modules)
"""


@pytest.mark.exhaustive
def test_who_reads_dictionaries_imports_no_models() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MODELS], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


#: Prints the bytes that are in use at most while as many rows are read one after the other.
PEAK_OF_READING = """
import gc, json, sys, tracemalloc
import httpx2
from django_flex.client import Client

total, last = int(sys.argv[1]), 0

def reply(request):
    global last
    query = json.loads(request.content)["query"]
    # Each page begins after the last row.
    assert last == 0 or str(last) in json.dumps(query["filter"])
    numbers = range(last + 1, min(last + int(query["limit"]), total) + 1)
    last += len(numbers)
    gc.collect()  # what waits for the collector is no growth, and it runs when it likes
    return httpx2.Response(200, json={"data": [{"id": n, "text": f"{n:020}"} for n in numbers]})

http = httpx2.Client(transport=httpx2.MockTransport(reply))
client = Client("https://server.example/", dialect="directus", http=http)
tracemalloc.start()
read = sum(1 for _ in client.collection("items").iter(page_size=500))
print(read, tracemalloc.get_traced_memory()[1])
"""


def peak_of_reading(total: int) -> int:
    """Return the bytes that a process of its own has in use at most while it reads so many rows."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_READING, str(total)],
        capture_output=True,
        text=True,
        check=True,
    )
    read, peak = map(int, done.stdout.split())
    assert read == total
    return peak


@pytest.mark.exhaustive
def test_memory_does_not_grow_with_the_rows_that_are_read() -> None:
    # More than a few pages before comparing: some of the memory grows at first, up to a bound.
    many, twice_as_many = peak_of_reading(100_000), peak_of_reading(200_000)
    assert twice_as_many < many * 1.1
