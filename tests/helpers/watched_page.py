"""A page of a browser in which nothing may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page


@contextmanager
def watched(browser: Browser, base: str = "", **options: Any) -> Iterator[Page]:
    """A page in which no error, refused script or request to elsewhere may happen."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page, wrong, asked = context.new_page(), list[str](), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((f"{base}/", "file://"))] == []
