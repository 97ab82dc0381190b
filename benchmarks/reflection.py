"""What reflection makes of a reflector of known skill: Burnish, Burnish without one of its parts, and GEPA.

A scripted model answers questions of four kinds. Of a kind it has a fifth right, and nine tenths once the instruction
says the one thing that this kind needs. A scripted reflector reads the failures that it is shown: with a probability,
its skill, it adds what the commonest kind among them needs, otherwise a sentence of no use. Exemplars change nothing
here. Everybody learns with as many tokens as Burnish took; given is the mean over seeds of the share that the
instruction they end with has right.

    python benchmarks/reflection.py [--seeds 5] [--calls 600 1500] [--skills 0.3 0.8]
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from peers_gepa import optimized
from peers_players import Model

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.record.run import open_run
from burnish.types import Feedback, Split, Task

NEEDED = {
    "colour": "Name colours in English.",
    "number": "Write numbers in digits.",
    "place": "Give places with their country.",
    "person": "Give people with their family name first.",
}
POOR, GOOD, RIGHT, SEALED = 0.2, 0.9, "right", 20
_FAILED = re.compile(
    r"Answers that failed:(.*?)(?:\n\nAnswers that were right|\n\nRewrites that did no better|$)", re.DOTALL
)
_CURRENT = re.compile(r"(?:Instruction:\n|```\n)(?P<current>.*?)(?:\n\nAnswers that failed|\n```)", re.DOTALL)


class Kinds:
    """Questions of four kinds; the feedback says which kind it was, and not what it needs."""

    name, instruction = "kinds", "Answer the question."

    def __init__(self) -> None:
        self.posed = {split: list(self._made(split)) for split in ("train", "validation", "test")}

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """All of a split, in another order for each seed."""
        yield from random.Random(seed).sample(self.posed[split], len(self.posed[split]))

    def score(self, task: Task, answer: str) -> Feedback:
        """One word is right."""
        right = answer == RIGHT
        return Feedback(float(right), verified=right, text="" if right else f"not what a {task.cell} is asked for")

    def _made(self, split: str) -> Iterator[Task]:
        for number in range(1500):
            kind = list(NEEDED)[number % len(NEEDED)]
            yield Task(self.name, f"A {kind} question, {split} {number}?", cell=kind)


def chance(text: str, kind: str) -> float:
    """How often a question of a kind is answered right, given all that the model is told."""
    return GOOD if NEEDED[kind] in text else POOR


def solver(body: Mapping[str, Any]) -> str:
    """The model: of a question it knows the answer or not, and what it needs makes it know more."""
    told, asked = (str(body["messages"][i]["content"]) for i in (0, -1))
    kind = next((kind for kind in NEEDED if f"A {kind} question" in asked), None)
    if kind is None:
        return "3"
    question = asked.rpartition("\n\n")[2]
    return RIGHT if random.Random(question).random() < chance(told + asked, kind) else "wrong"


@dataclass
class Reflector:
    """Adds what the commonest kind of the failures shown needs, with probability `skill`."""

    skill: float
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def __call__(self, body: Mapping[str, Any]) -> str:
        """The reply to Burnish's request, its probe, or GEPA's request."""
        asked = "\n".join(str(message["content"]) for message in body["messages"])
        tagged = "<instruction>" in asked
        if "Feedback on the answers:" in asked:
            return f"<instruction>{asked.partition('Instruction:')[2]}</instruction>"
        found = _CURRENT.search(asked)
        current = found["current"] if found else ""
        wanted = next((kind for kind, _ in _failed(asked).most_common() if NEEDED[kind] not in asked), None)
        useful = wanted is not None and self.rng.random() < self.skill
        said = NEEDED[wanted] if useful and wanted else f"Think of hint {self.rng.randrange(10_000)}."
        return f"<instruction>{current} {said}</instruction>" if tagged else f"```\n{current} {said}\n```"


def _failed(asked: str) -> Counter[str]:
    """The kinds of the failures in a request."""
    if found := _FAILED.search(asked):
        failures = found[1]
    else:
        examples = asked.split("# Example")[1:]
        failures = "\n".join(one for one in examples if "This answer is wrong" in one)
    return Counter(kind for kind in NEEDED for _ in range(failures.count(f"A {kind} question")))


def reached(text: str) -> float:
    """The share of all questions that is answered right with an instruction."""
    return statistics.fmean(chance(text, kind) for kind in NEEDED)


def burnish(seed: int, calls: int, skill: float, *, operators: tuple[str, ...] = (), pareto: bool = True) -> Any:
    """What Burnish reached, and the tokens it took."""
    with ExitStack() as stack:
        task, reflector = (stack.enter_context(ScriptedServer(reply)) for reply in (solver, Reflector(skill)))
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        if not pareto:
            stack.enter_context(mock.patch("burnish.agent.operators.reflection.draw_parent", return_value=None))
        config = RunConfig.parse(
            {
                "seed": seed,
                "models": {"task": {"url": task.base_url}, "reflector": {"url": reflector.base_url}},
                "memory": {"embedder": "hash", "index": "numpy"},
                "budget": {"calls": calls + 3 * SEALED},
                "sealed": {"tasks": SEALED, "share": 1.0},
                "policies": {"stopping": {"name": "never"}},
                **({"operators": list(operators)} if operators else {}),
            }
        )
        run(config, directory=Path(scratch) / "run", environment=Kinds())
        opened = open_run(Path(scratch) / "run")
        with opened.journal() as journal:
            champion = journal.program(opened.iterations()[-1].champion_id)
            tokens = sum(one.usage.tokens for one in journal.spent_by() if not one.node.startswith("sealed"))
    return reached(" ".join(text for _, text in champion.prompt.sections)), tokens


def gepa(seed: int, tokens: int, skill: float) -> float:
    """What GEPA reached with as many tokens."""
    with ScriptedServer(solver) as task, ScriptedServer(Reflector(skill)) as reflector:
        models = Model(task.base_url, ""), Model(reflector.base_url, "")
        return reached(optimized(Kinds(), *models, tokens=tokens, seed=seed, validation=40))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--calls", type=int, nargs="+", default=[600, 1500])
    parser.add_argument("--skills", type=float, nargs="+", default=[0.3, 0.8])
    options = parser.parse_args()
    print(f"The instruction alone has {POOR:.2f} right, the best one {GOOD:.2f}.")
    for calls in options.calls:
        for skill in options.skills:
            rows: dict[str, list[float]] = {}
            for seed in range(options.seeds):
                whole, tokens = burnish(seed, calls, skill)
                rows.setdefault("burnish", []).append(whole)
                rows.setdefault("GEPA", []).append(gepa(seed, tokens, skill))
                only = burnish(seed, calls, skill, operators=("reflection", "merge"))[0]
                rows.setdefault("no other operators", []).append(only)
                rows.setdefault("no merges", []).append(burnish(seed, calls, skill, operators=("reflection",))[0])
                alone = burnish(seed, calls, skill, operators=("reflection", "merge"), pareto=False)[0]
                rows.setdefault("from the champion only", []).append(alone)
            said = ", ".join(f"{who} {statistics.fmean(found):.2f}" for who, found in rows.items())
            print(f"{calls} calls of learning, skill {skill:g}: {said}", flush=True)


if __name__ == "__main__":
    main()
