"""Measure the explorer on this machine, in Debian's chromium: `python .ci/explorer_speed.py`.

Needs the group `browser`. It fails nothing: how long something takes says more about the machine than
about a commit. What is wanted is in `WANTED`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import quote
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from serving import Shop, new_shop, served_shop, serving

WANTED = {
    "first load until it answers a click, ms": 1_500,
    "description that completion asks for, slowest model, ms": 50,
    "live check of the query in the editor, ms": 50,
    "longest task while 1,000 rows appear, ms": 200,
    "longest task while 1,000 rows scroll, ms": 200,
    "longest task while a key is pressed above 1,000 rows, ms": 200,
}
TIMES = 7
ROWS = [
    "id",
    "name",
    "album.title",
    "album.artist.name",
    "genre.name",
    "milliseconds",
    "unit_price",
]
LISTED = {"_model": "track", "fields": ROWS, "limit": 1000}
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({type: "longtask", buffered: true});
"""
LONGEST = "() => { const found = Math.max(0, ...tasks); tasks.length = 0; return found; }"
#: A step for each frame, as a wheel or a finger makes them.
SCROLL = """
async () => {
  const box = document.querySelector(".results > .scroll");
  for (let at = 0; at < box.scrollHeight; at += 400) {
    box.scrollTop = at;
    await new Promise(requestAnimationFrame);
  }
  await new Promise((done) => setTimeout(done, 300));
}
"""


@contextmanager
def fresh(browser: Browser) -> Iterator[Page]:
    """Open a page with an empty cache."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def first_load(browser: Browser, shop: Shop) -> float:
    """Return how long it takes until rows are shown and a click on the page has an effect."""
    with fresh(browser) as page:
        started = time.perf_counter()
        page.goto(f"{shop.url}/explorer/", wait_until="commit")
        page.locator(".results tbody tr").first.wait_for()
        page.get_by_role("button", name="Code", exact=True).click()
        page.locator(".code pre").wait_for()
        return (time.perf_counter() - started) * 1000


def answered(url: str, method: str, body: object = None) -> float:
    """Return how long the API takes for one request."""
    headers = {"Content-Type": "application/json"} if body else {}
    data = json.dumps(body).encode() if body else None
    started = time.perf_counter()
    with urlopen(Request(url, data, headers, method=method)) as reply:
        reply.read()
    return (time.perf_counter() - started) * 1000


def completion(shop: Shop) -> float:
    """Return the time of the slowest description, the median of several times."""
    with urlopen(f"{shop.url}/api/") as reply:
        models = json.load(reply)["models"].values()
    urls = [f"{shop.url}{one['url']}" for one in models]
    return max(median(answered(url, "OPTIONS") for _ in range(TIMES)) for url in urls)


def long_tasks(browser: Browser, shop: Shop) -> tuple[float, float, float]:
    """Return the longest tasks with a thousand rows: to show them, to scroll, to press a key."""
    with fresh(browser) as page:
        page.goto(f"{shop.url}/explorer/#q={quote(json.dumps(LISTED))}")
        page.locator(".results tbody tr").nth(10).wait_for()
        page.wait_for_timeout(1000)
        shown = page.evaluate(LONGEST)
        page.evaluate(SCROLL)
        scrolled = page.evaluate(LONGEST)
        page.get_by_role("textbox", name="Query as JSON").click()
        page.keyboard.type("  ")
        page.wait_for_timeout(1000)
        return shown, scrolled, page.evaluate(LONGEST)


def main() -> None:
    """Print what was measured beside what is wanted; the median of several times each."""
    found = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, served_shop(Path(folder)) as loaded:
        shop = new_shop(loaded.folder, 'DJANGO_FLEX["MAX_LIMIT"] = 1000\n', "long_pages")
        with serving(shop), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            first_load(browser, shop)
            loads = [first_load(browser, shop) for _ in range(TIMES)]
            check = f"{shop.url}/api/"
            checks = [answered(check, "QUERY", {**LISTED, "limit": 1}) for _ in range(TIMES)]
            tasks = zip(*(long_tasks(browser, shop) for _ in range(TIMES)), strict=True)
            measured = (loads, [completion(shop)], checks, *tasks)
            browser.close()
    for (name, wanted), values in zip(WANTED.items(), measured, strict=True):
        print(
            f"{name:60} {median(values):7.0f} (of at most {wanted:,}; greatest {max(values):,.0f})"
        )


if __name__ == "__main__":
    main()
