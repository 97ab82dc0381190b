"""Who gets in: the link once, this machine's names only, no page of elsewhere."""

from __future__ import annotations

import socket

import httpx
import pytest
from laboratory import Laboratory
from page_server import ADDRESSES, Pages, pages_of

from burnish.agent.pages.access import POLICY


def test_a_link_works_once_and_a_fresh_one_is_told(learned: Laboratory) -> None:
    with pages_of(learned.folder / "run", enter=False) as pages, pages.stranger() as first, pages.stranger() as second:
        link = pages.access.link
        assert first.get(link).status_code == 303
        assert first.get("/runs/run/overview").status_code == 200
        refused = second.get(link)
        assert refused.status_code == 403
        assert "A fresh one stands in the terminal" in refused.text
        assert second.get("/runs/run/overview").status_code == 403
        (fresh,) = pages.links
        assert fresh != link
        assert second.get(fresh).status_code == 303
        assert second.get("/runs/run/overview").status_code == 200


@pytest.mark.parametrize("address", [f"/runs/run/{one}" for one in ADDRESSES] + ["/", "/static/pages.js", "/nowhere"])
def test_nothing_is_told_without_the_cookie(pages: Pages, address: str) -> None:
    with pages.stranger() as stranger:
        for cookies in ({}, {"burnish": "x"}, {f"burnish-{httpx.URL(pages.base).port}": "guessed"}):
            answer = stranger.get(address, headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
            assert answer.status_code == 403
            assert "exemplar" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "%00"])
def test_a_guessed_token_opens_nothing(pages: Pages, token: str) -> None:
    with pages.stranger() as stranger:
        assert stranger.get(f"/?token={token}").status_code == 403
        assert "set-cookie" not in stranger.get(f"/?token={token}&token={token}").headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "0.0.0.0", "", "127.0.0.1:80@x"]
)
def test_another_name_of_this_machine_is_refused(learned: Laboratory, host: str) -> None:
    with pages_of(learned.folder / "run") as pages, pages.client() as client:
        answer = client.get("/runs/run/overview", headers={"host": host})
        assert answer.status_code in {400, 421}
        assert "set-cookie" not in client.get(pages.access.link, headers={"host": host}).headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_elsewhere_gets_nothing(learned: Laboratory, headers: dict[str, str]) -> None:
    with pages_of(learned.folder / "run") as pages, pages.client() as client:
        for address in ("/runs/run/overview", "/runs/run/overview.json", "/runs/run/live", "/static/style.css"):
            assert client.get(address, headers=headers).status_code == 403
        assert client.post("/runs/run/review", headers=headers, content="action=accept").status_code == 403


def test_what_changes_something_has_to_name_its_origin(learned: Laboratory) -> None:
    with pages_of(learned.folder / "run") as pages, pages.client() as client:
        assert client.post("/runs/run/review", content="action=accept").status_code == 403
        own = client.post("/runs/run/review", content="action=accept", headers={"origin": pages.base})
        assert own.status_code == 409
        assert "asked no question" in own.text


def test_every_answer_says_what_a_page_may_do(pages: Pages) -> None:
    assert "'unsafe" not in POLICY
    with pages.stranger() as stranger:
        refused = stranger.get("/")
    for answer in (
        refused,
        pages.get("/runs/run/overview"),
        pages.get("/runs/run/nowhere"),
        pages.get("/static/map.js"),
    ):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"


def test_files_beside_the_static_ones_are_not_served(pages: Pages) -> None:
    for address in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2fapp.py"):
        assert pages.get(address).status_code == 404


def test_a_look_at_the_link_does_not_use_it_up(learned: Laboratory) -> None:
    with pages_of(learned.folder / "run", enter=False) as pages, pages.stranger() as stranger:
        assert stranger.head(pages.access.link).status_code == 403
        assert stranger.get(pages.access.link).status_code == 303


def test_a_request_that_names_two_machines_is_refused(pages: Pages) -> None:
    own = pages.base.removeprefix("http://")
    cookie = "; ".join(f"{name}={value}" for name, value in pages.own.cookies.items())
    for hosts in (["evil.example", own], [own, "evil.example"]):
        head = "".join(f"Host: {host}\r\n" for host in hosts)
        with socket.create_connection(("127.0.0.1", httpx.URL(pages.base).port), timeout=30) as raw:
            raw.sendall(f"GET /runs/run/overview HTTP/1.1\r\n{head}Cookie: {cookie}\r\n\r\n".encode())
            assert raw.recv(64).split()[1] in {b"400", b"421"}


def test_a_form_that_is_too_long_is_refused(pages: Pages) -> None:
    with pages.client() as client:
        long = client.post("/runs/run/review", content="a=1&" * 2_000_000, headers={"origin": pages.base})
    assert long.status_code == 409
    assert "send less" in long.text
