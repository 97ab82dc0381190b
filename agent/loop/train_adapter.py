"""`burnish train`: an adapter from a run's data, and its proof."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from burnish.agent.loop.adapter_trial import try_adapter
from burnish.agent.models.lora_adapters import ADAPTER_FILE
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Notify, Run, environment_of
from burnish.agent.training.adapter import Adapted, AdapterProof
from burnish.agent.training.libraries import check_libraries
from burnish.agent.training.making import MERGED, Made, Making
from burnish.config import TrainConfig
from burnish.errors import BudgetExhausted, BurnishError, ConfigError, Interrupted, StorageError
from burnish.protocols import Environment
from burnish.types import Record

WAY_ON = "the same command"


@dataclass(frozen=True)
class Trained(Record):
    """What `burnish train` came to; `weights` is the adapter as a file, or the folder of the model it is part of."""

    folder: str
    weights: str
    made: Made
    proof: AdapterProof


def train(
    run: Run,
    out: Path,
    settings: TrainConfig | None = None,
    *,
    model: Path | None = None,
    seconds: float | None = None,
    environment: Environment | None = None,
    notify: Notify = lambda _kind, _facts: None,
) -> Trained:
    """Train an adapter on what a run verified, in the folder `out`, and put it to the gate and the sealed test.

    Stopped or killed, the same call goes on. `model` is a folder of weights to train instead of the embedded model;
    `seconds` limits this sitting. `environment` is needed for runs made with a live object.

    Raises:
        ConfigError: there is too little to train on, or something is set wrong; it says what.
        Interrupted, BudgetExhausted: stopped; what is done is kept.

    """
    check_libraries()
    settings = settings or TrainConfig()
    if model is None and run.config.models.task.url != "embedded":
        raise ConfigError(
            f"the task model of {run.place.path} is behind {run.config.models.task.url}, and only the embedded one is "
            "trained by itself; give the folder of its weights by --model"
        )
    live = environment or environment_of(run)
    clock = _Clock(seconds)
    place = RunDirectory(out)
    out.mkdir(parents=True, exist_ok=True)
    with _way_on(out):
        with place.locked(), _stopped_by_signals() as stopped:
            made = Making(
                run=run,
                environment=live,
                out=out,
                settings=settings,
                unpack=out / "base",
                model=model,
                keep_on=lambda: _keep_on(clock, stopped),
                notify=notify,
            ).make()
        weights = out / (MERGED if model else ADAPTER_FILE)
        adapter = Adapted(made.adapter, weights, model)
        proof = try_adapter(run, live, adapter, out / "proof", seconds=clock.left(), notify=notify)
    trained = Trained(str(out), str(weights), made, proof)
    place.report.write_text(json.dumps(trained.to_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return trained


@contextmanager
def _way_on(out: Path) -> Iterator[None]:
    """Say of whatever ends it what is kept, and that the same command goes on."""
    try:
        yield
    except BudgetExhausted as error:
        raise BudgetExhausted(
            f"{error}; what is done is kept in {out}, and {WAY_ON} goes on", limit="seconds"
        ) from None
    except OSError as error:  # the libraries write by themselves
        raise StorageError(f"cannot write {out}: {error}; make room, then {WAY_ON} goes on") from None
    except Interrupted:
        raise Interrupted(f"stopped, and everything so far is kept in {out}; {WAY_ON} goes on") from None
    except BurnishError as error:
        raise error.with_way_on(WAY_ON) from error.__cause__


class _Clock:
    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        return None if self._end is None else max(0.001, self._end - time.monotonic())


def _keep_on(clock: _Clock, stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Interrupted("stopped")
    left = clock.left()
    if left is not None and left <= 0.001:
        raise BudgetExhausted("the time budget ended within training", limit="seconds")


@contextmanager
def _stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM stop training after the step in hand; a second one ends the process at once."""
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
