"""Kill a run at many points with kill -9 and resume it: is the end the same, and what is asked again?

    python benchmarks/resume.py --points 50

A scripted model answers over real HTTP; the run is a process of its own that is killed shortly after its n-th request,
for n spread over the whole run. For each point: whether outcome and memory equal those of the uninterrupted run, how
many calls the journal had answered, how many were in flight, and how often the server was asked again: for calls in
flight (at most once each) and for answered ones (never). Exits 1 when a point breaks a promise.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from laboratory import Laboratory, laboratory, query  # found by the line above

from burnish.agent.record.run import open_run


@dataclass(frozen=True)
class Point:
    """What came of one kill; `at` is the number of the request after which it came."""

    at: int
    killed: bool
    iteration: int
    equal: bool
    answered: int
    in_flight: int
    again_in_flight: int
    again_answered: int

    @property
    def holds(self) -> bool:
        return self.equal and self.again_answered == 0 and self.again_in_flight <= self.in_flight


def measure(lab: Laboratory, name: str, at: int, delay: float, index: str, whole: Counter[str]) -> Point:
    code = lab.killed(name, at, delay=delay, memory={"index": index})
    first = lab.model.counts()
    states = dict(query(lab.folder / name, "SELECT state, COUNT(*) FROM calls GROUP BY state"))
    answered = states.get("done", 0)
    (iteration,) = query(lab.folder / name, "SELECT MAX(number) FROM iterations")[0]
    report = lab.resume(name)
    second = lab.model.counts()
    resumed, reference = open_run(lab.folder / name), open_run(lab.folder / "whole")
    in_flight = first.total() - answered
    again = sum((first + second - whole).values())
    return Point(
        at=at,
        killed=code < 0,
        iteration=iteration or 0,
        equal=report.same_outcome(reference.report()) and resumed.memory() == reference.memory(),
        answered=answered,
        in_flight=in_flight,
        again_in_flight=min(again, in_flight),
        again_answered=max(0, again - in_flight),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--index", choices=("chroma", "numpy"), default="chroma")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder, laboratory(Path(folder), latency=0.02) as lab:
        lab.run("whole", memory={"index": options.index})
        whole = lab.model.counts()
        print(f"uninterrupted: {whole.total()} calls, verdict {lab.report.verdict!r}")
        print("point  killed  committed  equal  answered  in flight  asked again: in flight  answered")
        points = []
        for i in range(options.points):
            at = 1 + int((i + rng.random()) / options.points * (whole.total() - 1))
            point = measure(lab, f"killed {i}", at, rng.uniform(0, 0.03), options.index, whole)
            points.append(point)
            print(
                f"{point.at:5}  {'yes' if point.killed else 'ended':>6}  {point.iteration:9}  "
                f"{'yes' if point.equal else 'NO':>5}  {point.answered:8}  {point.in_flight:9}  "
                f"{point.again_in_flight:22}  {point.again_answered:8}",
                flush=True,
            )
    equal, again = sum(p.equal for p in points), sum(p.again_answered for p in points)
    print(f"{equal} of {len(points)} equal; {again} answered calls asked again; kills: {sum(p.killed for p in points)}")
    sys.exit(0 if all(p.holds for p in points) else 1)


if __name__ == "__main__":
    main()
