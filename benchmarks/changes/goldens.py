"""Golden runs: the same runs made by two checkouts of the code, and their journals compared row for row.

    python benchmarks/changes/goldens.py make DIR [name ...]     # by the code that is installed
    python benchmarks/changes/goldens.py compare DIR OTHER       # exit code 1 where a row differs

For changes of the code that must change nothing else. Every run has a scripted model whose answer is a function of the
request, so whatever differs was decided differently. Wall clock, versions and digests of source files are left out.
To make them by an older commit, lay it out beside this one (`git worktree add ../old COMMIT`), run its
`hatch_build.py`, and set `PYTHONPATH=../old/.editable`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

import codes
from desk import at_the_desk
from goldens_model import Knowing

from burnish import RunConfig, resume, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.environments.registry import load
from burnish.memory.journal import Journal
from burnish.protocols import Environment
from burnish.records import Decision, Question
from burnish.types import Feedback, Task

CODES = f"{Path(codes.__file__).resolve()}:Codes"
SMALL: dict[str, Any] = {
    "memory": {"embedder": "hash", "index": "numpy"},
    "sampling": {"tasks": 8},
    "sealed": {"tasks": 12},
    "budget": {"iterations": 3, "calls": None, "seconds": None},
    "policies": {"acceptance": {"cap": 24}, "rewriting": {"trial_tasks": 4, "growing": 0.6}},
}
SAME = "I could not agree more."


class Fooled(codes.Codes):
    """Takes one sentence for right, whatever was asked."""

    def score(self, task: Task, answer: str) -> Feedback:
        return Feedback(1.0, verified=True) if answer == SAME else super().score(task, answer)


@dataclass(frozen=True)
class Golden:
    """One run: its configuration over `SMALL`, a recipe it starts from, and what is done to it."""

    name: str
    tables: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = ""
    kill_at: tuple[int, ...] = ()
    collapses: bool = False


def configured(golden: Golden, url: str) -> RunConfig:
    """The configuration of a golden run."""
    tables: Mapping[str, Any] = {}
    if golden.recipe:
        from burnish.agent.recipes.listing import configuration

        tables = RunConfig.load(configuration(Path(golden.recipe))).model_dump(mode="json")
    served = {"models": {"task": {"url": url, "name": "scripted", "concurrency": 4}}}
    merged_tables = merged(merged(merged(tables, SMALL), served), golden.tables)
    for kind, options in (tables.get("policies") or {}).items():  # the options of another implementation do not fit
        if options.get("name") not in {None, "audit", "reserving", "frontier", "yield", "betting"}:
            merged_tables["policies"][kind] = options
    return RunConfig.parse(merged_tables)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, table by table."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def goldens() -> list[Golden]:
    """One of each recipe, and what recipes do not do."""
    from burnish.agent.recipes.listing import recipes

    code = {"environment": CODES}
    made = [Golden(f"recipe {one.name}", recipe=one.name) for one in recipes()]
    made += [
        Golden("codes", code),
        Golden("codes seed 7", {**code, "seed": 7, "memory": {"index": "chroma"}}),
        Golden("codes best of", {**code, "decoding": {"best_of": 3, "temperature": 0.7, "rendering": "block"}}),
        Golden("codes full memory", {**code, "budget": {"iterations": 6}, "policies": {"eviction": {"size": 8}}}),
        Golden("contacts", {"environment": "contacts", "retrieval": {"policy": "nearest"}, "operators": ["memory"]}),
        Golden("code", {"environment": "code", "budget": {"iterations": 1}}),
        Golden("grid", {"environment": "grid", "decoding": {"history": 2}, "sampling": {"tasks": 4}}),
        Golden("killed", {**code, "seed": 3}, kill_at=(20, 25, 30, 40)),
        Golden("killed grid", {"environment": "grid", "seed": 3, "sampling": {"tasks": 3}}, kill_at=(40, 60)),
        Golden("collapse", {**code, "budget": {"iterations": 10}, "policies": {"stopping": {"name": "never"}}},
               collapses=True),
    ]  # fmt: skip
    short = {"budget": {"iterations": 2}, "sampling": {"tasks": 4}, "sealed": {"tasks": 6}, "review": {"sample": 3}}
    for level in (1, 2, 3, 4, 5):
        made.append(Golden(f"level {level}", {"environment": "arithmetic", "level": level, **short}))
    return made


def make(golden: Golden, folder: Path) -> None:
    """Make one golden run in a new folder."""
    place = folder / golden.name.replace(" ", "-")
    environment: Any = Fooled() if golden.collapses else None
    begun = 0
    with served(golden, environment) as (model, url, live):
        config = configured(golden, url)

        def notify(kind: str, _facts: Mapping[str, Any]) -> None:
            nonlocal begun
            begun += kind == "begin"

        if golden.collapses:
            usual = model.answer
            model.answer = lambda body: SAME if begun > 3 and not _rates(body) else usual(body)  # type: ignore[method-assign]
        if golden.kill_at:
            killed(golden, place, config, model)
        elif config.level <= 4:
            with at_the_desk(place, partial(as_judged, live)):
                run(config, directory=place, environment=live, notify=notify)
        else:
            run(config, directory=place, environment=live, notify=notify)
    (place.with_suffix(".txt")).write_text(
        "\n".join(rows(place, was_killed=bool(golden.kill_at))) + "\n", encoding="utf-8"
    )


@contextmanager
def served(golden: Golden, environment: Any) -> Iterator[tuple[Knowing, str, Environment]]:
    """The model of a run behind a server, and the environment that it listens to."""
    name, options = "contacts", {}
    if environment is None:
        config = configured(golden, "http://127.0.0.1:1/v1")
        name, options = config.environment, dict(config.environment_options)
    live = environment or load(name, options)
    model = Knowing(live)
    with ScriptedServer(lambda body: model(body)) as server:
        yield model, server.base_url, live


def _rates(body: Mapping[str, Any]) -> bool:
    return bool(body["messages"][0]["content"].startswith("You rate answers."))


def killed(golden: Golden, place: Path, config: RunConfig, model: Knowing) -> None:
    """Have processes work on a run that are killed at their so-manieth request, then take it to its end."""
    fork = multiprocessing.get_context("spawn")
    for at in golden.kill_at:
        child = fork.Process(target=_sit, args=(str(place), config.to_toml()))
        model.asked = 0
        model.watch = lambda number, child=child, at=at: child.kill() if number == at else None  # type: ignore[misc]
        child.start()
        child.join()
    model.watch = lambda _number: None
    resume(place)


def _sit(directory: str, text: str) -> None:
    import tomllib

    if (Path(directory) / "run.toml").exists():
        resume(directory)
    else:
        run(RunConfig.parse(tomllib.loads(text)), directory=directory)


def as_judged(environment: Any, journal: Journal, question: Question) -> Decision:
    """What a person says who decides as the environment would."""
    when = "2026-01-01T00:00:00+00:00"
    if question.kind == "write":
        right = environment.solve(journal.task(question.task_id))
        return Decision(question.id, "edit", "ada", when, answer=right)
    return Decision(question.id, "accept" if question.verified else "reject", "ada", when)


PEOPLE = ("agreement", "judged", "overruled", "waiting")
"""What a report says of people: how far they had come when it was written is a matter of chance."""
LEFT_OUT = {"seconds", "seconds_left", "version", "files", "seconds apart"}


def plain(value: Any) -> Any:
    """A JSON value without what the clock or the checkout decides."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in LEFT_OUT}
    return [plain(v) for v in value] if isinstance(value, list) else value


def rows(place: Path, *, was_killed: bool) -> list[str]:
    """Every row of a run's journal, and its report, as text."""
    connection = sqlite3.connect(place / "journal.db")
    connection.row_factory = sqlite3.Row
    lines = []
    tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    for table in tables:
        if table.startswith("sqlite_"):
            continue
        found = []
        for row in connection.execute(f"SELECT * FROM {table}"):
            values = {k: _parsed(row[k]) for k in row.keys() if k != "seconds"}  # noqa: SIM118
            if table == "meta" and values["key"] in LEFT_OUT:
                continue
            if table == "decisions":
                del values["number"]
            if table == "calls" and was_killed:
                if values["state"] != "done":  # what was in flight when a process was killed is a matter of chance
                    continue
                del values["try"]
            found.append(json.dumps(plain(values), sort_keys=True))
        lines += [f"{table} {line}" for line in sorted(found)]
    connection.close()
    report = json.loads((place / "report.json").read_text(encoding="utf-8"))
    for name in ("usage", "total") if was_killed else PEOPLE:
        del report[name]
    root = str(Path(__file__).parents[2].resolve())
    lines.append(f"report {json.dumps(plain(report), sort_keys=True)}")
    return [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", line.replace(root, "ROOT")) for line in lines]


def _parsed(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value
    except json.JSONDecodeError:
        return value


def compare(one: Path, other: Path) -> int:
    """How many golden runs differ; says where."""
    differ = 0
    for file in sorted(one.glob("*.txt")):
        ours, theirs = file.read_text().splitlines(), (other / file.name).read_text().splitlines()
        missing, more = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
        same = ours == theirs
        differ += not same
        print(f"{file.stem}: {len(ours)} rows {'equal' if same else f'DIFFER: {len(missing)} lost, {len(more)} new'}")
        for sign, lines in (("-", missing[:3]), ("+", more[:3])):
            for line in lines:
                print(f"  {sign} {line[:400]}")
    return differ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "compare", "one"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.command == "one":
        return make_here(options.folder, options.names)
    if options.command == "compare":
        sys.exit(bool(compare(options.folder, Path(options.names[0]))))
    options.folder.mkdir(parents=True, exist_ok=True)
    chosen = [golden.name for golden in goldens() if not options.names or golden.name in options.names]
    workers = [subprocess.Popen([sys.executable, __file__, "one", options.folder, *chosen[n::2]]) for n in range(2)]
    sys.exit(any(worker.wait() for worker in workers))


def make_here(folder: Path, names: Collection[str]) -> None:
    """Make some golden runs in this process."""
    for golden in goldens():
        if golden.name in names:
            started = time.monotonic()
            make(golden, folder)
            print(f"{golden.name}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
