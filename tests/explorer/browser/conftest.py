"""The music shop on a port, and a browser that reaches nothing else.

Needs the group `browser`, Debian's chromium, and the packages of django_flex/explorer/frontend:
`python -m pytest --confcutdir=tests/explorer/browser tests/explorer/browser`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

if TYPE_CHECKING:
    from serving import Shop

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / ".ci"))

FRONTEND = ROOT / "django_flex" / "explorer" / "frontend"
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
#: Where screenshots are written to, if they are wanted.
PICTURES = os.environ.get("FLEX_SCREENSHOTS")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    from serving import served_shop

    with served_shop(tmp_path_factory.mktemp("shop")) as served:
        yield served


#: Another shop with the same rows: below a path, with names in camelCase, writes by filter, and in the
#: language of the browser.
OTHERWISE = """
DJANGO_FLEX["NAMING"] = "camel"
DJANGO_FLEX["ACCEPT_LANGUAGE"] = True
CRUD = ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete"]
EXPOSE["playlist"]["superuser"] = {
    **dict.fromkeys(("fields", "filters", "order_by", "aggregates"), "*"),
    "ops": CRUD,
}
"""


@pytest.fixture(scope="session")
def below(shop: Shop) -> Iterator[Shop]:
    from serving import new_shop, serving

    other = new_shop(shop.folder, OTHERWISE, "below", prefix="/music")
    with serving(other):
        yield other


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found is not None, "chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        # A container has no sandbox of its own to give, and root none to use.
        yield playwright.chromium.launch(
            executable_path=found,
            # No name leads anywhere: the network is blocked, but for the shop's address.
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )


class Explorer:
    """A page of the explorer, and all that went wrong in it."""

    def __init__(self, page: Page, shop: Shop) -> None:
        self.page, self.shop = page, shop
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.set_default_timeout(15_000)
        page.on("console", lambda one: one.type == "error" and self.errors.append(one.text))
        page.on("pageerror", lambda one: self.errors.append(str(one)))
        page.on("request", self._look_at)

    def _look_at(self, request: Request) -> None:
        parts = urlsplit(request.url)
        own = (parts.hostname, parts.port) == ("127.0.0.1", self.shop.port)
        if not own and parts.scheme not in {"about", "blob", "data"}:
            self.strangers.append(request.url)

    def open(self, query: dict[str, Any] | None = None, **parts: str) -> None:
        """Open the explorer anew, with a query and other parts of its address."""
        if query is not None:
            parts["q"] = json.dumps(query)
        found = "&".join(f"{name}={quote(value)}" for name, value in parts.items())
        if self.page.url != "about:blank":
            # Another part behind `#` alone loads no page.
            self.page.goto("about:blank")
        self.page.goto(f"{self.shop.url}/explorer/#{found}")
        self.page.get_by_role("navigation", name="Parts").wait_for()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def sign_in(self, name: str) -> None:
        self.page.get_by_title("Who is asking").click()
        with self.page.expect_response("**/auth/login"):
            self.button(name).click()
        self.page.get_by_title("Who is asking").get_by_text(name).wait_for()

    def header(self) -> list[str]:
        self.page.locator(".results tbody tr").first.wait_for()
        return self.page.locator(".results > .scroll > table > thead th").all_inner_texts()

    def type(self, text: str) -> None:
        box = self.page.get_by_role("textbox", name="Query as JSON")
        box.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def faults(self) -> list[str]:
        """Return what axe-core finds wrong with what is shown."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("() => axe.run({resultTypes: ['violations']})")
        return [
            f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def picture(self, name: str) -> None:
        """Write a screenshot, if they are wanted."""
        if PICTURES:
            self.page.mouse.move(0, 0)
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture
def explore(browser: Browser, shop: Shop) -> Iterator[Callable[..., Explorer]]:
    """Make pages; none may ask another host, or report an error that it does not expect."""
    made: list[tuple[Explorer, tuple[str, ...]]] = []

    def make(
        *,
        refusals: bool = False,
        dark: bool = False,
        phone: bool = False,
        at: Shop = shop,
        language: str = "en-US",
    ) -> Explorer:
        context = browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1360, "height": 900},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            locale=language,
        )
        explorer = Explorer(context.new_page(), at)
        # Chromium reports each reply that is an error, also one that is shown in the page.
        made.append((explorer, ("Failed to load resource",) if refusals else ()))
        return explorer

    yield make
    for explorer, expected in made:
        assert [] == explorer.strangers
        assert [] == [one for one in explorer.errors if not one.startswith(expected or "\0")]
        explorer.page.context.close()
