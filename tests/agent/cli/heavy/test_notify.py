"""Telling people by Apprise, the real one, over a loopback server."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from burnish.agent.cli.announcing import announced
from burnish.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of a plug-in of Apprise


def test_apprise_is_told_over_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MY_URL", f"json://127.0.0.1:{server.server_address[1]}/x")
    with announced(tmp_path / "night", (), ["$MY_URL"]) as announcer:
        announcer("finished", {"verdict": "improved"})
    server.shutdown()
    server.server_close()
    assert heard[0]["title"] == "Burnish: night"
    assert heard[0]["message"] == "finished: improved"


def test_a_url_that_apprise_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="URL 1: not one that Apprise knows"), announced(tmp_path, (), ["nonsense"]):
        pass
