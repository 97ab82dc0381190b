"""Episodes: actions as answers, judged by playing them again; a failing environment ends a play."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import SURPLUS, actions_of, as_answer, replayed, replayed_async
from burnish.protocols import Turn
from burnish.types import Feedback, Split, Status, Task


@dataclass
class Climb:
    """Up three steps and it is done; what breaks and whether methods are async is up to the test."""

    goal: int = 3
    fault: str = ""
    height: int = 0
    turn: Turn = field(default_factory=lambda: Turn("height 0"))
    closed: bool = False

    def step(self, action: str) -> Turn:
        if self.fault and action == "break":
            return self._broken()
        rise = {"up": 1, "down": -1}.get(action, 0)
        self.height += rise
        self.turn = Turn(f"height {self.height}", done=self.height == self.goal, label=rise)
        return self.turn

    def feedback(self) -> Feedback:
        reward = max(0, self.height) / self.goal
        return Feedback(reward, verified=reward == 1.0, text="" if reward == 1.0 else "go up")

    def close(self) -> None:
        self.closed = True

    def _broken(self) -> Turn:
        if self.fault == "hangs":
            time.sleep(0.8)
        if self.fault == "raises":
            raise RuntimeError("the stairs are gone")
        return "height ?" if self.fault == "returns" else Turn("odd", label=7)  # type: ignore[return-value]


@dataclass
class Stairs:
    fault: str = ""
    max_turns: int = 6
    name: str = "stairs"
    instruction: str = "Go up."
    started: list[Climb] = field(default_factory=list)

    def tasks(self, split: Split, seed: int) -> list[Task]:
        return [Task("stairs", "height 0")]

    def start(self, task: Task) -> Climb:
        if self.fault == "start":
            raise RuntimeError("no stairs")
        self.started.append(Climb(fault=self.fault))
        return self.started[-1]

    def score(self, task: Task, answer: str) -> Feedback:
        return replayed(self, task, answer)


@dataclass
class AsyncClimb:
    climb: Climb = field(default_factory=Climb)

    @property
    def turn(self) -> Turn:
        return self.climb.turn

    async def step(self, action: str) -> Turn:
        await asyncio.sleep(0)
        return self.climb.step(action)

    async def feedback(self) -> Feedback:
        return self.climb.feedback()


@dataclass
class AsyncStairs:
    max_turns: int = 6
    name: str = "stairs"
    instruction: str = "Go up."

    def tasks(self, split: Split, seed: int) -> list[Task]:
        return [Task("stairs", "height 0")]

    async def start(self, task: Task) -> AsyncClimb:
        return AsyncClimb()

    async def score(self, task: Task, answer: str) -> Feedback:
        return await replayed_async(self, task, answer)  # type: ignore[arg-type]


TASK = Task("stairs", "height 0")


@given(st.lists(st.text()))
def test_actions_survive_as_an_answer_whatever_they_are(actions: list[str]) -> None:
    assert actions_of(as_answer(actions)) == actions
    as_answer(actions).encode()


@given(st.text())
def test_any_text_is_some_actions(text: str) -> None:
    assert all(isinstance(action, str) for action in actions_of(text))


def test_lines_are_actions_too() -> None:
    assert actions_of("up\n\n  up \nsay [1]") == ["up", "up", "say [1]"]
    assert actions_of('["up", 1]') == ['["up", 1]']
    assert actions_of("[" * 100_000) == ["[" * 100_000]
    assert actions_of("up\n" * 1_000_000) == []


@pytest.mark.parametrize("environment", [Stairs(), AsyncStairs()], ids=["plain", "async"])
async def test_actions_are_judged_by_playing_them_again(environment: Stairs | AsyncStairs) -> None:
    guarded = GuardedEnvironment(environment)

    async def verdict(*actions: str) -> tuple[float, bool]:
        feedback = await guarded.judge(TASK, as_answer(actions))
        return feedback.reward, feedback.verified

    assert await verdict("up", "up", "up") == (1.0, True)
    assert await verdict("up", "look", "down", "up", "up", "up") == (1.0, True)
    assert await verdict("up") == (1 / 3, False)
    assert await verdict() == (0.0, False)
    assert await verdict("up", "up", "up", "up") == (1.0, False)  # nothing may come after the end
    assert await verdict(*["look"] * 4, "up", "up", "up") == (2 / 3, False)  # nor after the last turn


async def test_what_comes_after_the_end_is_said() -> None:
    feedback = await GuardedEnvironment(Stairs()).judge(TASK, as_answer(["up"] * 4))
    assert feedback.text == SURPLUS


@pytest.mark.parametrize("environment", [Stairs(), AsyncStairs()], ids=["plain", "async"])
async def test_a_play_shows_turns_and_ends(environment: Stairs | AsyncStairs) -> None:
    play = await GuardedEnvironment(environment).play(TASK)
    assert play is not None
    seen = [play.turn]
    while not play.over:
        await play.step("up")
        seen.append(play.turn)
    assert [(t.observation, t.label, t.done) for t in seen] == [
        ("height 0", 0, False),
        ("height 1", 1, False),
        ("height 2", 1, False),
        ("height 3", 1, True),
    ]


async def test_a_play_ends_after_its_turns_and_gives_back_what_it_holds() -> None:
    stairs = Stairs()
    play = await GuardedEnvironment(stairs).play(TASK)
    assert play is not None
    for number in range(stairs.max_turns):
        assert not play.over, number
        await play.step("look")
    assert play.over
    await play.close()
    assert stairs.started[0].closed


@pytest.mark.parametrize("fault", ["raises", "hangs", "returns", "labels"])
async def test_a_failing_step_ends_the_play_and_the_verdict_tells(fault: str) -> None:
    guarded = GuardedEnvironment(Stairs(fault), timeout=0.3)
    play = await guarded.play(TASK)
    assert play is not None
    await play.step("up")
    await play.step("break")
    assert play.over
    assert play.turn.observation == "height 1"
    feedback = await guarded.judge(TASK, as_answer(["up", "break"]))
    if fault in {"raises", "hangs"}:
        assert feedback.status is (Status.ERROR if fault == "raises" else Status.TIMEOUT)
    assert not feedback.verified


async def test_an_environment_that_starts_no_episode_is_a_status() -> None:
    guarded = GuardedEnvironment(Stairs("start"))
    assert await guarded.play(TASK) is None
    feedback = await guarded.judge(TASK, as_answer([]))
    assert feedback.status is Status.ERROR
    assert "no stairs" in feedback.text


async def test_a_lone_surrogate_in_an_observation_is_replaced() -> None:
    @dataclass
    class Odd(Stairs):
        def start(self, task: Task) -> Climb:
            return Climb(turn=Turn("\ud800 height"))

    play = await GuardedEnvironment(Odd()).play(TASK)
    assert play is not None
    assert play.turn.observation == "height 0\n\n? height"
