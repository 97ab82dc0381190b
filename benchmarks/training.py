"""Fine-tuning: an adapter against none under the champion of a run, through the gate and on the sealed tasks.

Prints for each method the steps and losses, what the gate decided, and the pass rates on the sealed tasks with the
interval of their difference. Passed is an adapter that the gate accepts and the sealed test shows to be a gain. Without
`--run` a run of examples/contacts.toml is made first, in about ten minutes; training takes 3 to 30 s a step on two
cores. Needs `pip install 'burnish[train]'`.

    python benchmarks/training.py [sft|dpo] [--run RUN] [--steps N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from burnish import RunConfig, run
from burnish.agent.loop.train_adapter import Trained, train
from burnish.agent.record.run import open_run
from burnish.config import TrainConfig
from burnish.errors import ConfigError
from burnish.tables import validated

ROOT = Path(__file__).parent.parent


def said(method: str, trained: Trained) -> str:
    learnt = trained.made.learnt
    gate, sealed = trained.proof.gate, trained.proof.sealed
    without, adapted = sealed.arms["seed"], sealed.arms["champion"]
    return (
        f"{method}: {learnt.steps} steps on {learnt.examples} examples in {trained.made.seconds:.0f} s, loss "
        f"{learnt.first_loss:.3f} -> {learnt.last_loss:.3f}; gate {gate.outcome}, {gate.champion_score:.3f} -> "
        f"{gate.challenger_score:.3f} on {gate.tasks} tasks; sealed {without.passes}/{without.tasks} -> "
        f"{adapted.passes}/{adapted.tasks}, {sealed.difference:+.3f} ({sealed.lower:+.3f} to {sealed.upper:+.3f}), "
        f"p = {sealed.p_value:.3g}: {'passed' if trained.proof.passed else 'not passed'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", default=["sft", "dpo"], metavar="method")
    parser.add_argument("--run", type=Path, help="a run that is there already")
    parser.add_argument("--steps", type=int, default=0, help="instead of three epochs")
    parser.add_argument("--keep", type=Path, help="keep what is made in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        if options.run is None:
            run(RunConfig.load(ROOT / "examples" / "contacts.toml"), directory=folder / "run")
        opened = open_run(options.run or folder / "run")
        for method in options.methods:
            settings = validated(TrainConfig, {"method": method, "steps": options.steps}, "command line")
            try:
                print(said(method, train(opened, folder / method, settings)), flush=True)
            except ConfigError as error:
                print(f"{method}: nothing was trained: {error}", flush=True)


if __name__ == "__main__":
    main()
