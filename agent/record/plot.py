"""The curve of a run as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from burnish.agent.record.report import Report
from burnish.errors import ConfigError
from burnish.records import DRAWN, FEW_SHOT, IN_FORM, NEAREST, SHUFFLED

ENDINGS = (".png", ".svg", ".pdf")
COLORS = {
    "seed": "#888888",
    "champion": "#1a7f37",
    FEW_SHOT: "#4e79a7",
    IN_FORM: "#76b7b2",
    DRAWN: "#e0a030",
    NEAREST: "#b07aa1",
    SHUFFLED: "#c96f6f",
}
OTHER = "#7a9cc6"


def draw_curve(report: Report, path: Path) -> None:
    """Draw attempts verified against calls, the gate's races, and the sealed test with its intervals and as lines.

    Raises:
        ConfigError: matplotlib is not installed, the ending is none it knows, or the file cannot be written.

    """
    if path.suffix not in ENDINGS:
        raise ConfigError(f"--plot {path}: give a file that ends in {', '.join(ENDINGS)}")
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        raise ConfigError("--plot needs matplotlib; pip install 'burnish[plot]'") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=(2, 1), sharey=True, layout="constrained")
    _draw_iterations(left, report)
    _draw_sealed(right, report)
    figure.suptitle(f"{report.environment} · {report.model} · {report.verdict}", fontsize=11)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise ConfigError(f"--plot {path} cannot be written ({error.strerror}); give another file") from None
    finally:
        plt.close(figure)


def _draw_iterations(axes: Any, report: Report) -> None:
    learned = [r for r in report.iterations if r.attempts]
    spent = list(report.calls) if report.calls else [r.number for r in report.iterations]
    axes.plot(
        [spent[r.number] for r in learned], [r.verified / r.attempts for r in learned], "o-", color="#888888",
        label="train attempts verified",
    )  # fmt: skip
    for name, arm in report.sealed.in_order if report.sealed else ():
        if name != "champion":
            axes.axhline(arm.rate, color=COLORS.get(name, OTHER), ls="--", lw=1, label=f"{name} (sealed)")
    labelled: set[str] = set()
    for record in learned:
        for gate in record.gates:
            if gate.open:
                continue
            accepted = gate.outcome == "accept"
            label = "gate: accepted" if accepted else "gate: not accepted"
            axes.annotate(
                "", (spent[record.number], gate.challenger_score), (spent[record.number], gate.champion_score),
                arrowprops={"arrowstyle": "->", "color": "#1a7f37" if accepted else "#cf8a00", "lw": 2},
            )  # fmt: skip
            axes.plot(
                spent[record.number], gate.challenger_score, "^", color="#1a7f37" if accepted else "#cf8a00",
                label=None if label in labelled else label,
            )  # fmt: skip
            labelled.add(label)
    axes.set(xlabel="calls" if report.calls else "iteration", ylabel="share verified · gate score", ylim=(-0.02, 1.08))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="best")


def _draw_sealed(axes: Any, report: Report) -> None:
    axes.set_title("sealed test", fontsize=10)
    if report.sealed is None:
        return
    for place, (name, arm) in enumerate(report.sealed.in_order):
        rate = arm.rate
        axes.bar(place, rate, color=COLORS.get(name, OTHER), width=0.65)
        axes.errorbar(place, rate, [[max(0, rate - arm.lower)], [max(0, arm.upper - rate)]], color="black", capsize=4)
        axes.text(place, arm.upper + 0.02, f"{rate:.2f}", ha="center", fontsize=9)
    names = [name for name, _ in report.sealed.in_order]
    axes.set_xticks(range(len(names)), names, fontsize=8, rotation=30, ha="right", rotation_mode="anchor")
    axes.grid(axis="y", alpha=0.25)
