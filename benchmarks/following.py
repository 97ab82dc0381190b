"""Memory that follows what is learned, against memory that is raced: where exemplars help, do nothing, or do harm.

A scripted model has a share of the tasks right that depends on how many exemplars it is shown, in four worlds: `help`
0.2 without any and 0.8 with four; `nothing` always 0.4; `harm` 0.6 without any and 0.2 with four, an environment whose
verified answers are the wrong ones to show; `turn` like `help` for the first 24 exemplars and then each further one
that is shown takes 0.2 away. Given are, as means over seeds, the share that the champion has right at the end, and on
average over the calls of learning: what a run that is ended at any moment would have.

    python benchmarks/following.py [--seeds 5] [--calls 600]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.record.run import open_run
from burnish.types import Feedback, Split, Task

SHOWN, GOOD_ONES, SEALED = 4, 24, 20


def share(world: str, shown: int, spoiled: int) -> float:
    """How much is right with so many exemplars, of which some are of those that spoil."""
    match world:
        case "help":
            return 0.2 + 0.15 * shown
        case "nothing":
            return 0.4
        case "harm":
            return 0.6 - 0.1 * shown
        case _:
            return max(0.05, 0.2 + 0.15 * (shown - spoiled) - 0.2 * spoiled)


class World:
    """Tasks by number, and a model of them. Answers name their task; those learned late say so."""

    name, instruction = "world", "Answer the question."

    def __init__(self, kind: str, seed: int) -> None:
        self._kind, self._seed, self.verified = kind, seed, 0

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks without end."""
        rng = random.Random(f"{split} {seed}")
        while True:
            yield Task(self.name, f"What about {split} {rng.randrange(10**9)}?")

    def score(self, task: Task, answer: str) -> Feedback:
        """An answer that says it is right."""
        right = answer.startswith("right")
        self.verified += right and "train" in task.prompt
        return Feedback(float(right), verified=right, text="" if right else "the answer is not right")

    def model(self, body: Mapping[str, Any]) -> str:
        """The model's answer; what is verified after the first `GOOD_ONES` are answers that spoil."""
        messages = body["messages"]
        asked = str(messages[-1]["content"]).rpartition("\n\n")[2]
        given = [str(m["content"]) for m in messages if m["role"] == "assistant"]
        chance = share(self._kind, len(given[-SHOWN:]), sum("late" in answer for answer in given[-SHOWN:]))
        right = random.Random(f"{self._seed} {asked}").random() < chance
        late = "late" if self.verified >= GOOD_ONES else "early"
        return f"{'right' if right else 'wrong'}, {late}, {asked[-12:]}" if asked.startswith("What about") else "3"


def learned(kind: str, seed: int, calls: int, *, follows: bool) -> tuple[float, float]:
    """The share of the champion at the end of a run, and the mean over its calls of learning."""
    world = World(kind, seed)
    with ScriptedServer(world.model) as server, tempfile.TemporaryDirectory() as scratch:
        config = RunConfig.parse(
            {
                "seed": seed,
                "models": {"task": {"url": server.base_url, "concurrency": 1}},
                "memory": {"embedder": "hash", "index": "numpy", "follows": follows},
                "budget": {"calls": calls + 3 * SEALED},
                "sealed": {"tasks": SEALED, "share": 1.0},
                "policies": {"stopping": {"name": "never"}},
            }
        )
        place = Path(scratch) / "run"
        report = run(config, directory=place, environment=world)
        opened = open_run(place)
        shares = []
        with opened.journal() as journal:
            for record in report.iterations:
                program = journal.program(record.champion_id)
                known = opened.memory(program.revision) if program.revision >= 0 else []
                held = [e for e in known if e.id not in program.dropped]
                count = min(program.retrieval.k, SHOWN, len(held))
                late = sum("late" in e.answer for e in held) / max(1, len(held))
                shares.append(share(kind, count, round(late * count)))
    spans = [after - before for before, after in zip([0, *report.calls[:-1]], report.calls, strict=True)]
    return shares[-1], sum(s * n for s, n in zip([shares[0], *shares[:-1]], spans, strict=True)) / sum(spans)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=600)
    options = parser.parse_args()
    print("| world | without exemplars | follows: at the end | on average | raced: at the end | on average |")
    print("|---|---|---|---|---|---|")
    for kind in ("help", "nothing", "harm", "turn"):
        cells = [f"{share(kind, 0, 0):.2f}"]
        for follows in (True, False):
            found = [learned(kind, seed, options.calls, follows=follows) for seed in range(options.seeds)]
            cells += [f"{statistics.fmean(column):.2f}" for column in zip(*found, strict=True)]
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
