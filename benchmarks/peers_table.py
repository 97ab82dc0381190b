"""Tables and the picture of `peers.py`."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from peers_players import ABLATIONS, PEERS, WHO, Result

from burnish.policies.statistics import Comparison, compare, holm

CEILING, FLOOR = "ceiling", "seed"
LEVEL = 0.05


def read(path: Path) -> list[Result]:
    """The runs that are done."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [Result(**json.loads(line)) for line in lines]


class Table:
    """Passes of a contest by problem and player, pairs by seed and test task."""

    def __init__(self, results: Sequence[Result]) -> None:
        self.problems = list(dict.fromkeys(r.problem for r in results))
        self.names = [who for who in WHO if any(r.who == who for r in results)]
        self._runs = {(r.problem, r.who, r.seed): r for r in results}

    def seeds(self, problem: str, who: str) -> list[int]:
        """The seeds of which there is a run."""
        return sorted(seed for p, w, seed in self._runs if (p, w) == (problem, who))

    def rate(self, problem: str, who: str, seeds: Sequence[int] | None = None) -> float | None:
        """The share of test tasks passed."""
        chosen = self.seeds(problem, who) if seeds is None else seeds
        passes = [passed for seed in chosen for passed in self._runs[problem, who, seed].passes]
        return sum(passes) / len(passes) if passes else None

    def share(self, problem: str, who: str) -> float | None:
        """How much of the way from seed to ceiling was gone; None where there is none, or a run is missing."""
        common = self._common(problem, FLOOR, CEILING, who)
        floor, ceiling, own = (self.rate(problem, name, common) for name in (FLOOR, CEILING, who))
        if floor is None or ceiling is None or own is None or ceiling <= floor:
            return None
        return (own - floor) / (ceiling - floor)

    def compared(self, problem: str, who: str, other: str) -> Comparison | None:
        """`who` after `other`, on the same test tasks of the seeds that both have."""
        common = self._common(problem, who, other)
        before, after = (
            [passed for seed in common for passed in self._runs[problem, name, seed].passes] for name in (other, who)
        )
        return compare(before, after) if common else None

    def against_best(self, problem: str) -> tuple[str, Comparison] | None:
        """The best peer, and Burnish compared with it."""
        rates = {peer: self.rate(problem, peer) for peer in PEERS}
        known = {peer: rate for peer, rate in rates.items() if rate is not None}
        if not known:
            return None
        best = max(known, key=known.__getitem__)
        compared = self.compared(problem, "burnish", best)
        return (best, compared) if compared else None

    def _common(self, problem: str, *names: str) -> list[int]:
        return sorted(set.intersection(*(set(self.seeds(problem, name)) for name in names)))


def print_table(results: Sequence[Result]) -> None:
    """The share passed by everybody, shares of the way, and Burnish against the best peer of each problem."""
    table = Table(results)
    print(f"| problem | seeds | {' | '.join(table.names)} |\n" + "|---" * (len(table.names) + 2) + "|")
    for problem in table.problems:
        cells = [_number(table.rate(problem, who)) for who in table.names]
        print(f"| {problem} | {len(table.seeds(problem, 'burnish'))} | {' | '.join(cells)} |")
    learners = [who for who in table.names if who in ("burnish", *PEERS, *ABLATIONS)]
    print("\nShare of the way from seed to ceiling, median over problems:")
    for who in learners:
        shares = [share for p in table.problems if (share := table.share(p, who)) is not None]
        if shares:
            print(f"    {who}: {statistics.median(shares):.2f} of {len(shares)} problems")
    _print_first(results)
    _print_duels(table)


def _print_first(results: Sequence[Result]) -> None:
    """After how many attempts Burnish had its first verified answer, by problem."""
    print("\nAttempts to Burnish's first verified answer, by seed:")
    for problem in dict.fromkeys(r.problem for r in results):
        runs = sorted((r.seed, json.loads(r.detail)) for r in results if (r.problem, r.who) == (problem, "burnish"))
        firsts = ["never" if detail.get("first") is None else str(detail["first"]) for _, detail in runs]
        print(f"    {problem}: {', '.join(firsts)}")


def _print_duels(table: Table) -> None:
    duels = {p: duel for p in table.problems if (duel := table.against_best(p)) is not None}
    if not duels:
        return
    adjusted = dict(zip(duels, holm([c.p_value for _, c in duels.values()]), strict=True))
    print("\n| problem | best peer | Burnish's lead | p (McNemar, Holm) | |\n|---|---|---|---|---|")
    counts = {"ahead": 0, "behind": 0, "level": 0}
    for problem, (peer, compared) in duels.items():
        lead = compared.difference
        word = "level" if adjusted[problem] > LEVEL else "ahead" if lead.estimate > 0 else "behind"
        counts[word] += 1
        span = f"{lead.estimate:+.3f} [{lead.lower:+.3f}, {lead.upper:+.3f}]"
        print(f"| {problem} | {peer} | {span} | {adjusted[problem]:.2g} | {word} |")
    print(f"\nAgainst the best peer: {', '.join(f'{word} on {count}' for word, count in counts.items())}.")


def draw(results: Sequence[Result], path: Path) -> None:
    """A row a problem: seed and ceiling as the ends of a bar, everybody who learns as a point."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    table = Table(results)
    marks: Mapping[str, tuple[str, str]] = {
        "burnish": ("o", "#1a7f37"),
        "loop": ("s", "#444444"),
        "random search": ("^", "#7a9cc6"),
        "MIPROv2": ("v", "#4a6fa5"),
        "GEPA": ("D", "#cf8a00"),
    }
    figure, axes = plt.subplots(figsize=(8, 0.45 * len(table.problems) + 1.4), layout="constrained")
    for row, problem in enumerate(table.problems):
        ends = [table.rate(problem, name) for name in (FLOOR, CEILING)]
        if None not in ends:
            axes.plot(ends, [row, row], color="#cccccc", lw=6, solid_capstyle="butt", zorder=1)
        for who, (marker, color) in marks.items():
            rate = table.rate(problem, who)
            if rate is not None:
                label = who if row == 0 else None
                axes.plot(rate, row, marker, color=color, ms=9 if who == "burnish" else 6, label=label, zorder=2)
    axes.set(yticks=range(len(table.problems)), yticklabels=table.problems, xlim=(-0.02, 1.02))
    axes.set(xlabel="share of fresh test tasks passed; bar: from the plain prompt to the ceiling")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.25)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _number(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.3f}"
