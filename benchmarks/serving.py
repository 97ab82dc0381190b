"""`burnish serve` adds little: 64 clients at once through it, against the model server asked directly.

A run is made on a scripted model that answers after a fixed latency, and served by the command itself. In turns, 64
clients send texts that were never seen before, each embedded and answered with exemplars; then the very prompts that
the server sent on, from its log, go to the model server directly (promised: at least 0.9 of that rate). With
`--embedded RUN` the same for a finished run on `contacts` and the embedded model.

    python benchmarks/serving.py [--latency SECONDS] [--embedded RUN]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from burnish.agent.api import run
from burnish.agent.record.run import open_run
from burnish.config import RunConfig
from burnish.environments.built_in.contacts import Contacts
from burnish.types import Feedback, Split, Task

CLIENTS, TURNS = 64, 5
LEAST = 0.9
SERVER = """
import hashlib, sys, time
from burnish.agent.models.scripted import ScriptedServer
def reply(body):
    words = body["messages"][-1]["content"].split()
    known = int(hashlib.sha256(words[-1].encode()).hexdigest(), 16) % 3
    return words[-1].rstrip(".") if known else "unknown"
with ScriptedServer(reply, latency=float(sys.argv[1])) as server:
    print(server.base_url, flush=True)
    input()
"""
EMBEDDED = """
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.opening import EMBEDDED_SLOTS
with EmbeddedServer(model_file(None), slots=EMBEDDED_SLOTS) as server:
    print(server.base_url, flush=True)
    input()
"""
PLACES = ("the north gate", "the old harbour", "the upper station", "the glass house", "the market hall", "the mill")
THINGS = ("a parcel of books", "two crates of apples", "a broken clock", "some blue paint", "a sack of letters")


class Parcels:
    """Read the number of the parcel off a note."""

    name = "parcels"
    instruction = "Give the number that the note ends with."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"parcels {split} {seed}")
        while True:
            prompt = note(rng)
            task = Task(self.name, prompt, {"gold": prompt.split()[-1].rstrip(".")}, cell="note")
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        right = answer.strip() == task.data["gold"]
        return Feedback(float(right), right, "" if right else "give the number")


def note(rng: random.Random) -> str:
    place, thing, day = rng.choice(PLACES), rng.choice(THINGS), rng.randint(1, 28)
    return f"On the {day}th of May somebody left {thing} at {place}; please fetch number {rng.randint(1, 10**6)}."


@contextmanager
def process(*command: str) -> Iterator[tuple[str, int]]:
    """The address that a process at work prints, and its id."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        try:
            yield address(started.stdout), started.pid
        finally:
            started.terminate()


def address(lines: Iterator[str]) -> str:
    for line in lines:
        if found := re.search(r"http://\S+/v1", line):
            return found.group()
    raise SystemExit("the server did not start")


def cpu_seconds(process_id: int) -> float:
    """Processor time that a process has had."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(url: str, bodies: Sequence[dict[str, Any]], clients: int) -> float:
    """Answers a second."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    waiting = iter(bodies)
    async with httpx.AsyncClient(limits=limits, timeout=600, trust_env=False) as http:

        async def work() -> None:
            for body in waiting:
                response = await http.post(f"{url}/chat/completions", json=body)
                assert response.status_code == 200, response.text

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(clients)))
        return len(bodies) / (time.perf_counter() - started)


def compare(run_folder: Path, model_url: str, scratch: Path, texts: Callable[[int], list[str]], turns: int) -> None:
    log = scratch / "requests.jsonl"
    serve = (sys.executable, "-m", "burnish", "serve", str(run_folder), "--port", "0", "--log", str(log))
    ratios, sent = [], 0
    with process(*serve, "--concurrency", str(CLIENTS)) as (url, process_id):
        for turn in range(turns):
            asked = [{"model": "champion", "messages": [{"role": "user", "content": text}]} for text in texts(turn)]
            before = cpu_seconds(process_id)
            served = asyncio.run(rate(url, asked, CLIENTS))
            cost = 1000 * (cpu_seconds(process_id) - before) / len(asked)
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()[sent:]]
            sent += len(lines)
            bodies = [{"messages": one["prompt"], "max_tokens": 96, "temperature": 0, "top_p": 1} for one in lines]
            direct = asyncio.run(rate(model_url, bodies, CLIENTS))
            ratios.append(served / direct)
            shown = statistics.mean(len(one["exemplars"]) for one in lines)
            print(
                f"  turn {turn + 1}: direct {direct:.1f}/s, served {served:.1f}/s with {shown:.1f} exemplars and "
                f"{cost:.1f} ms of processor each, ratio {served / direct:.2f}",
                flush=True,
            )
    print(f"served at {statistics.median(ratios):.2f} of the model server's own rate (promised: at least {LEAST})")


def scripted(scratch: Path, latency: float) -> None:
    def texts(turn: int) -> list[str]:
        rng = random.Random(f"texts {turn}")
        return [note(rng) for _ in range(max(256, round(16 * CLIENTS / max(latency, 0.1))))]

    with process(sys.executable, "-c", SERVER, "0.01") as (url, _):
        tables = {
            "environment": f"{Path(__file__).resolve()}:Parcels",
            "models": {"task": {"url": url, "concurrency": CLIENTS}},
            "budget": {"iterations": 2},
            "sealed": {"tasks": 20},
        }
        run(RunConfig.parse(tables), directory=scratch / "run")
        exemplars = len(open_run(scratch / "run").memory())
        print(f"a run with {exemplars} exemplars; the model server answers after {latency:g} s", flush=True)
    with process(sys.executable, "-c", SERVER, str(latency)) as (url, _):
        settings = scratch / "run" / "run.toml"
        old = re.search(r'url = "(http://[^"]+)"', settings.read_text(encoding="utf-8"))
        assert old
        settings.write_text(settings.read_text(encoding="utf-8").replace(old.group(1), url), encoding="utf-8")
        compare(scratch / "run", url, scratch, texts, TURNS)


def embedded(folder: Path, scratch: Path) -> None:
    def texts(turn: int) -> list[str]:
        return [task.prompt for task in islice(Contacts().tasks("validation", 1000 + turn), 32)]

    with process(sys.executable, "-c", EMBEDDED) as (url, _):
        print("the embedded model, which answers 4 requests at a time", flush=True)
        compare(folder, url, scratch, texts, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that the scripted model takes")
    parser.add_argument("--embedded", type=Path, metavar="RUN", help="a finished run on contacts, instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.embedded:
            embedded(options.embedded, Path(scratch))
        else:
            scripted(Path(scratch), options.latency)


if __name__ == "__main__":
    main()
