"""How much of the way from the plain prompt to the ceiling is learned, by Burnish with its defaults and by others.

Everybody learns from the same train and validation tasks, without reference answers, with as many tokens as Burnish
took for `--calls` calls, and answers the same fresh test tasks at temperature 0. Who there is:

    burnish          Burnish with its defaults
    loop             a loop of forty lines: twelve tasks at a time, keep the verified, show the nearest four, no gate
    random search    DSPy's BootstrapFewShotWithRandomSearch, tasks and exemplars as plain chat turns
    MIPROv2          DSPy's MIPROv2, likewise
    GEPA             GEPA, the same model reflecting on the environment's feedback
    burnish able, GEPA able     with a scripted reflector that gives a good instruction half of the time
    seed             the instruction alone
    form             the instruction alone, every answer held to the form that the environment says
    nearest          no model: the nearest answer that Burnish verified
    ceiling          the instruction with the nearest four of all train tasks, with their reference answers

and, where `--who` names them, Burnish without one of its parts (`ABLATIONS` in `peers_players.py`).

A run is a JSON line in `--out`; what is there is not run again. With `--model` a server is asked (its URL, and
`--model-name`) or a GGUF file is served; otherwise the embedded model. About an hour for a problem and a seed. It needs
`pip install dspy==3.4.1 optuna gepa==0.1.4 reasoning-gym`.

    python benchmarks/peers.py run --out peers.jsonl [--problems NAME ...] [--who NAME ...] [--seeds 0 1 2]
        [--keep FOLDER]
    python benchmarks/peers.py table peers.jsonl [--plot peers.png]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from peers_players import ABLATIONS, WHO, Contest, Likeness, Model, Result
from peers_table import draw, print_table, read
from peers_tasks import PROBLEMS, Posed

from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.types import Split


@contextmanager
def served(model: str) -> Iterator[str]:
    """The URL of the model: a server that is there, or a file that is served."""
    if model.startswith("http"):
        yield model
        return
    with EmbeddedServer(Path(model) if model else model_file(None)) as server:
        yield server.base_url


def contest(options: argparse.Namespace) -> None:
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with served(options.model) as url:
        model, likeness = Model(url, options.model_name), Likeness()
        for name in options.problems:
            for seed in options.seeds:
                done = {r.who: r for r in read(options.out) if (r.problem, r.seed) == (name, seed)}
                missing = [who for who in options.who if who not in done]
                if not missing:
                    continue
                sizes: Mapping[Split, int] = {"train": 300, "validation": 100, "test": options.test}
                posed = Posed(PROBLEMS[name], seed=seed, sizes=sizes)
                for who in missing:
                    started = time.perf_counter()
                    played = Contest(name, seed, posed, model, likeness, options.calls, done, options.keep)
                    passes, calls, tokens, detail = WHO[who](played)
                    seconds = round(time.perf_counter() - started, 1)
                    done[who] = Result(name, who, seed, passes, calls, tokens, seconds, commit, detail)
                    with options.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(done[who])) + "\n")
                    print(f"{name}, seed {seed}, {who}: {sum(passes)} of {len(passes)}, {seconds:.0f} s", flush=True)


def table(options: argparse.Namespace) -> None:
    results = read(options.file)
    print_table(results)
    if options.plot:
        draw(results, options.plot)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run")
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    everybody = [who for who in WHO if who not in ABLATIONS and not who.endswith("able")]
    running.add_argument("--who", nargs="+", default=everybody, choices=list(WHO))
    running.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    running.add_argument("--calls", type=int, default=300, help="calls that Burnish learns with")
    running.add_argument("--test", type=int, default=150, help="test tasks")
    running.add_argument("--keep", type=Path, help="a folder in which the runs of Burnish stay, to be looked into")
    running.add_argument("--model", default="", help="URL of a server or a GGUF file; the embedded model by default")
    running.add_argument("--model-name", default="")
    running.set_defaults(do=contest)
    printing = commands.add_parser("table")
    printing.add_argument("file", type=Path)
    printing.add_argument("--plot", type=Path, help="draw it into this file as well")
    printing.set_defaults(do=table)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
