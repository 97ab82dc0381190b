"""They do what they claim: every method's proof, by the recipe that comes with it or by a scripted model.

Each recipe runs as a user would run it, on the embedded model, and reports what it proved. Where that model is too weak
for a method to show (it solves no equation) the same loop runs on a scripted model of known skill besides, which the
column "model" says. A failed proof stays in the table. `--write` puts the rows into docs/methods.md, where all claims
with a p-value are corrected for the number of those in the table (Holm 1979).

    python benchmarks/methods.py [name ...] [--seed 0] [--keep DIR] [--seconds N] [--write]

Recipes are limited in seconds, so that they end in ten minutes. On a busy machine that would cut them off; with
--seconds 3600 their calls limit them alone, and a seed gives the same on any machine.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from desk import at_the_desk
from solvers import SlippingSolver, following, guessing, knowing_arithmetic, mislabelling

from burnish import RunConfig
from burnish.agent.api import resume, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.proofs.base import ALPHA
from burnish.agent.recipes.listing import recipe, recipes
from burnish.agent.record.report import Report
from burnish.agent.record.run import open_run
from burnish.errors import BudgetExhausted, Waiting
from burnish.policies.statistics import holm
from burnish.records import Proof

PAGE = Path(__file__).parent.parent / "docs" / "methods.md"
BEGIN, END = "<!-- methods -->", "<!-- end of methods -->"
COLUMNS = ("method", "model", "claim tested", "figure", "95 % interval", "p", "passed", "detail")
HEAD = f"\n| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
P, VERDICT = COLUMNS.index("p"), COLUMNS.index("passed")
EMBEDDED = "embedded"
LONGER = 3600
PASSED = {True: "yes", False: "NO", None: "inconclusive"}

UNRELATED = '[[principle]]\nname = "thanks"\ntext = "The answer thanks the reader."\ncontains = ["thank"]\n'


@dataclass(frozen=True)
class Case:
    """A run whose proofs are measured: a configuration, changed, on the embedded model or a scripted one."""

    name: str
    recipe: str
    changes: dict[str, Any]
    model: str = EMBEDDED
    script: Callable[[Any], str] | None = None


LEVELS = Case("levels", "", {}, "a guesser, a scripted person")


def cases() -> list[Case]:
    """Every recipe as it is, and what it cannot show on the embedded model."""
    own = [Case(one.name, one.name, {}) for one in recipes()]
    scripted = {
        "environment_options": {},
        "sampling": {"tasks": 40, "samples": 4, "temperature": 0.8, "hints": 0},
        "decoding": {"max_tokens": 300},
        "budget": {"iterations": 3},
        "memory": {"embedder": "minilm", "index": "numpy"},
        "operators": ["memory"],
    }
    return [
        *own,
        Case("offline-reward on grid", "offline-reward", GRID),
        Case("steps, scripted", "steps", scripted, "a solver that slips", SlippingSolver()),
        Case(
            "weak-to-strong, scripted",
            "weak-to-strong",
            {"memory": {"embedder": "minilm", "index": "numpy"}},
            "a labeller that errs at random",
            mislabelling,
        ),
        Case(
            "curation, scripted",
            "curation",
            {
                "memory": {"embedder": "minilm", "index": "numpy"},
                "sealed": {"tasks": 120},
                "budget": {"iterations": 3},
            },
            "a labeller as right as its exemplars, a judge right in 3 of 4",
            following,
        ),
        Case("constitution, unrelated", "constitution", {"constitution": {"text": UNRELATED, "answers": 8}}),
    ]


GRID: dict[str, Any] = {
    "environment": "grid",
    "environment_options": {"level": "open"},
    "sampling": {"tasks": 32, "samples": 2, "temperature": 1.5},
    "budget": {"seconds": 1200, "iterations": 1},
}


def configured(case: Case, seed: int, scratch: Path, url: str, seconds: float | None) -> RunConfig:
    """The configuration of a case, with another limit of seconds if one is given."""
    base = RunConfig.load(recipe(case.recipe).path).model_dump(mode="json", exclude_unset=True)
    changes = {k: dict(v) if isinstance(v, dict) else v for k, v in case.changes.items()}
    constitution = changes.get("constitution", {})
    if "text" in constitution:
        file = scratch / f"{case.name}.toml"
        file.write_text(constitution.pop("text"), encoding="utf-8")
        constitution["file"] = str(file)
    data = {**base, **changes, "seed": seed}
    if seconds:
        data["budget"] = {**data.get("budget", {}), "seconds": seconds}
    if url:
        data["models"] = {"task": {"url": url, "name": case.model}}
    return RunConfig.parse(data)


def levels(keep: Path, seed: int) -> list[Proof]:
    """The same environment at each level of involvement, and at level 3 with nobody there."""
    proofs = []
    with ScriptedServer(guessing) as server:
        base: dict[str, Any] = {
            "environment": "arithmetic",
            "environment_options": {"most": 1},
            "models": {"task": {"url": server.base_url, "name": "guesser"}},
            "memory": {"embedder": "hash", "index": "numpy"},
            "sampling": {"tasks": 8, "samples": 3, "temperature": 1.0},
            "sealed": {"tasks": 12},
            "budget": {"iterations": 2},
            "seed": seed,
        }
        for level in range(1, 7):
            place = keep / f"level-{level}-{seed}"
            with at_the_desk(place, knowing_arithmetic):
                run(RunConfig.parse({**base, "level": level}), directory=place)
            learned = [e for e in open_run(place).memory() if e.origin != "seed"]
            said = ", ".join(f"{n} {origin}" for origin, n in sorted(Counter(e.origin for e in learned).items()))
            right = bool(learned) and {e.level for e in learned} == {level}
            claim = f"a run at level {level} learns, and every exemplar says so"
            proofs.append(Proof("levels", claim, float(len(learned)), None, None, right, said))
        place = keep / f"level-3-nobody-{seed}"
        waited = False
        try:
            run(RunConfig.parse({**base, "level": 3, "review": {"patience_seconds": 1}}), directory=place)
        except Waiting:
            waited = True
        learned = [e for e in open_run(place).memory() if e.origin != "seed"]
        claim = "at level 3 a run that nobody answers waits, says so, and learns nothing"
        proofs.append(
            Proof("levels", claim, float(len(learned)), None, None, waited and not learned, "exemplars learned")
        )
    return proofs


@contextmanager
def served(case: Case) -> Iterator[str]:
    """The address of the case's scripted model; empty for the embedded one."""
    if case.script is None:
        yield ""
        return
    with ScriptedServer(case.script) as server:
        yield server.base_url


def measured(case: Case, seed: int, keep: Path, seconds: float | None) -> tuple[Report, float]:
    """The report of a case, and its seconds; one that was measured before is read again."""
    place = keep / f"{re.sub('[^a-z]+', '-', case.name)}-{seed}"
    started = time.monotonic()
    with served(case) as url:
        try:
            report = (
                resume(place) if place.exists() else run(configured(case, seed, keep, url, seconds), directory=place)
            )
        except BudgetExhausted as error:  # on a busy machine; the seconds then say that it took longer than promised
            print(f"{case.name}: {error}")
            report = resume(place, budget={"seconds": LONGER})
    return report, time.monotonic() - started


def row(case: Case, proof: Proof) -> str:
    """A line of the table."""
    figure = "" if proof.figure is None else f"{proof.figure:.3f}"
    interval = "" if proof.lower is None or proof.upper is None else f"{proof.lower:.2f} to {proof.upper:.2f}"
    p = "" if proof.p is None else f"{proof.p:.2g}"
    cells = (case.name, case.model, proof.claim, figure, interval, p, PASSED[proof.passed], proof.detail)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def corrected(rows: Sequence[str]) -> list[str]:
    """The rows, those with a p-value passed or not with regard to how many there are."""
    cells = [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]
    claims = [row for row in cells if row[P].strip()]
    for row, p in zip(claims, holm([float(row[P]) for row in claims]), strict=True):
        row[VERDICT] = PASSED[p <= ALPHA]
    return [f"| {' | '.join(row)} |" for row in cells]


def write(case: Case, rows: Sequence[str]) -> None:
    """Put the rows of a case into the page, in place of those it had."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    table, after = rest.split(END)
    kept = [line for line in table.splitlines()[3:] if line and not line.startswith(f"| {case.name} | ")]
    names = [one.name for one in (LEVELS, *cases())]
    lines = sorted([*kept, *rows], key=lambda line: names.index(line.split(" | ")[0].removeprefix("| ")))
    body = "".join(f"{line}\n" for line in corrected(lines))
    PAGE.write_text(f"{before}{BEGIN}{HEAD}{body}{END}{after}", encoding="utf-8")


def told(case: Case, proofs: Sequence[Proof], *, write_them: bool) -> None:
    """Print the rows of a case, and put them into the page if wanted."""
    rows = [row(case, proof) for proof in proofs]
    print("\n".join(rows), flush=True)
    if write_them:
        write(case, rows)


def main() -> None:
    known = {case.name: case for case in cases()}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=", ".join([*known, LEVELS.name]))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder in which the runs stay")
    parser.add_argument("--seconds", type=float, help="instead of each recipe's own; its calls still limit it")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        keep = options.keep or Path(scratch)
        keep.mkdir(parents=True, exist_ok=True)
        if not options.names or LEVELS.name in options.names:
            told(LEVELS, levels(keep, options.seed), write_them=options.write)
        for case in [known[name] for name in options.names if name != LEVELS.name] if options.names else known.values():
            report, seconds = measured(case, options.seed, keep, options.seconds)
            print(
                f"{case.name}: {report.verdict}, {report.total.calls} calls, {report.seconds:.0f} s ({seconds:.0f} now)"
            )
            told(case, report.proofs, write_them=options.write)


if __name__ == "__main__":
    main()
