"""Who may see the pages: whoever has the link of this start, in a browser that asks this machine by its own name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost", "[::1]")
"""Of this machine. A page of elsewhere that a name server points here asks by another name (DNS rebinding)."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load and do: nothing of elsewhere, and no script or style but those in files."""
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # without one, a browser sends no origin with forms
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
USED = "This link was used already, or is of an earlier start. A fresh one stands in the terminal of `burnish ui`."
OTHER_NAME = "This address is answered only under the names of this machine; open the link as it was printed."
OTHER_ORIGIN = "This request comes from a page of elsewhere."


class Access:
    """Lets a request through to the pages if it names this machine, comes from no other page, and has the cookie that a
    link was exchanged for. Each link works once; `on_stale` is told when a fresh one was made.
    """

    def __init__(self, app: ASGIApp, *, port: int, on_stale: Callable[[str], None]) -> None:
        self._app, self._port, self._on_stale = app, port, on_stale
        self._session = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(32)
        self._hosts = {f"{name}:{port}" for name in NAMES}
        self._cookie = f"burnish-{port}"  # cookies know no ports

    @property
    def link(self) -> str:
        """The address that lets in once."""
        return f"http://127.0.0.1:{self._port}/?token={self._token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if len(hosts) != 1 or headers["host"] not in self._hosts:
            await _say(sending, 421, OTHER_NAME)
        elif not self._own(scope["method"], headers):
            await _say(sending, 403, OTHER_ORIGIN)
        elif self._known(headers.get("cookie", "")):
            await self._app(scope, receive, sending)
        elif self._exchanged(scope):
            await _say(sending, 303, "", ((b"location", b"/"), (b"set-cookie", self._given().encode())))
        else:
            await _say(sending, 403, USED)

    def _own(self, method: str, headers: dict[str, str]) -> bool:
        """Whether a request comes from these pages, or is typed or clicked outside of a browser's pages."""
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return False
        origin = headers.get("origin")
        if origin is None:
            return method in {"GET", "HEAD"}
        return origin in {f"http://{host}" for host in self._hosts}

    def _known(self, cookies: str) -> bool:
        pairs = (part.strip().partition("=") for part in cookies.split(";"))
        return any(
            name == self._cookie and secrets.compare_digest(value.encode(), self._session.encode())
            for name, _, value in pairs
        )

    def _exchanged(self, scope: Scope) -> bool:
        """Whether a request has the token, which then is of no more use. If not, a fresh link is told once."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        right = (
            scope["method"] == "GET"
            and len(asked) == 1
            and secrets.compare_digest(asked[0].encode(), self._token.encode())
        )
        if right:
            self._token = ""
        elif not self._token:
            self._token = secrets.token_urlsafe(32)
            self._on_stale(self.link)
        return right

    def _given(self) -> str:
        return f"{self._cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"


async def _say(send: Send, status: int, text: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    plain = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [plain, *headers]})
    await send({"type": "http.response.body", "body": text.encode()})
