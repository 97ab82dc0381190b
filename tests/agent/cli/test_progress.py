"""What a person is told while a run goes on: what is being done, how far it is, how long it will take."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

import pytest
from laboratory import CommandLine, Laboratory
from rich.console import Console

from burnish.agent.cli.progress import EVERY_SECONDS, Pace, Progress
from burnish.agent.cli.run_lines import line_of
from burnish.outages import Outage
from burnish.spelling import duration

PLAN = {"iterations": 3, "each": 40, "learning": 120, "sealed_calls": 40, "done": 0, "spent": 0, "calls": 200}


@dataclass
class Screen:
    """A pipe, and a clock that is set by hand."""

    seconds: float = 0.0
    pipe: io.StringIO = field(default_factory=io.StringIO)

    def progress(self) -> Progress:
        return Progress(screen=Console(file=self.pipe, highlight=False, width=200), clock=lambda: self.seconds)

    @property
    def last(self) -> str:
        return self.pipe.getvalue().splitlines()[-1].strip()


def call(progress: Progress, node: str, *, replayed: bool = False) -> None:
    progress.notify("call", {"node": node, "tokens": 5, "replayed": replayed})


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (599, "10 min"), (3900, "1 h 05 min")]
)
def test_a_duration_is_said_in_one_unit_or_two(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_pipe_is_told_of_each_stage_and_now_and_then_in_between() -> None:
    screen = Screen()
    progress = screen.progress()
    assert screen.last.startswith("Opening the run")
    progress.notify("plan", {**PLAN, "seconds_left": None})
    progress.notify("begin", {"iteration": 1})
    for second in range(20):
        screen.seconds = second
        call(progress, "attempt")
    assert screen.pipe.getvalue().count("answering train tasks") == 1
    screen.seconds = EVERY_SECONDS + 1
    call(progress, "attempt")
    assert (
        screen.last
        == "iteration 1: answering train tasks · 21 of about 200 calls (10%), about 3 min left · 0:21 so far"
    )
    call(progress, "gate")
    assert "racing a challenger against the champion · 22 of about 200 calls" in screen.last
    progress.notify("sealed", {"tasks": 10, "arms": ["seed", "champion"], "calls": 20})
    call(progress, "sealed seed")
    assert screen.last.startswith("sealed test: 10 tasks, 2 arms · 23 of about 42 calls (55%)")


def test_what_the_journal_answers_is_not_counted_again() -> None:
    screen = Screen()
    progress = screen.progress()
    progress.notify("plan", {**PLAN, "spent": 50, "calls": 200, "seconds_left": None})
    progress.notify("begin", {"iteration": 1})
    call(progress, "attempt", replayed=True)
    call(progress, "rate")
    assert "51 of about 200 calls (26%)" in screen.last


def test_a_time_budget_ends_what_the_pace_would_take() -> None:
    slow = Pace(calls=20, expected=200, new_calls=20, seconds=100)
    assert slow.seconds_left == 900
    assert Pace(20, 200, 20, 100, limit_left=60).seconds_left == 60
    assert Pace(5, 200, 5, 100).seconds_left is None
    assert str(Pace(210, 200, 210, 100)) == "210 calls (100%), about 1 s left"


def test_a_run_tells_a_pipe_how_far_it_is(burnish: CommandLine, lab: Laboratory) -> None:
    config = lab.folder / "small.toml"
    config.write_text(lab.config(budget={"iterations": 1}).to_toml())
    done = burnish("run", config, "--dir", lab.folder / "run")
    assert done.code == 0, done.err
    assert re.search(r"iteration 1: answering train tasks · \d+ of about \d+ calls", done.err)
    assert re.search(r"sealed test: 20 tasks, \d arms · \d+ of about \d+ calls", done.err)


def test_a_server_that_is_waited_for_is_told_of_ever_less_often() -> None:
    def told(tries: int) -> str:
        return line_of("outage", Outage("http://s/v1", "too hot", 0.0, 0.0, tries).to_json())

    assert [tries for tries in range(1, 20) if told(tries)] == [1, 2, 4, 8, 16]
    assert "too hot" in told(4)
