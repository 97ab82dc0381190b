"""The pages of runs on a real port of this machine, and a client that has the cookie."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx
import uvicorn

from burnish.agent.pages.access import Access
from burnish.agent.pages.app import make_app
from burnish.agent.pages.server import bound
from burnish.agent.pages.shelf import Shelf

PATIENCE = 60
"""Seconds: a page of a busy machine may take some."""


@dataclass
class Pages:
    """A server at `base`, whose first link `own` exchanged for a cookie; `links` are those that were told since."""

    base: str
    access: Access
    own: httpx.Client
    links: list[str] = field(default_factory=list)

    def stranger(self, **headers: str) -> httpx.Client:
        """A client without a cookie."""
        return httpx.Client(base_url=self.base, headers=headers, trust_env=False, timeout=PATIENCE)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client that has the cookie."""
        with self.stranger() as made:
            made.cookies = self.own.cookies
            yield made

    def get(self, address: str, **query: str) -> httpx.Response:
        """A page as somebody sees it who has the cookie."""
        return self.own.get(address, params=query or None, follow_redirects=True)


class Elements(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data

    def links(self) -> set[str]:
        return {str(attributes["href"]) for tag, attributes in self.tags if tag == "a"}


@contextmanager
def pages_of(*runs: Path, enter: bool = True) -> Iterator[Pages]:
    """Serve runs until the block ends; `enter` uses the first link."""
    with closing(bound(0)) as listening:
        port, links = listening.getsockname()[1], list[str]()
        access = Access(make_app(Shelf.of(runs)), port=port, on_stale=links.append)
        config = uvicorn.Config(access, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, trust_env=False, timeout=PATIENCE) as own:
                if enter:
                    assert own.get(access.link).status_code == 303
                yield Pages(base, access, own, links)
        finally:
            server.should_exit = True
            thread.join()


ADDRESSES: Sequence[str] = (
    "overview", "iteration", "memory", "map", "alike", "recall?text=Input", "programs", "races", "races/1", "tasks",
    "refusals", "refusals?words=not", "ratings", "diversity", "spend", "spend?by=iteration", "spend?by=all",
    "compare?from=0", "review",
)  # fmt: skip
"""Pages that every run with a race has, below its own address."""
