import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

import pytest

from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.environments.built_in.contacts import Contacts
from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.playing import Play
from burnish.errors import PluginError
from burnish.protocols import Environment, Turn
from burnish.types import Feedback, Split, Status, Task, canonical_json

RIGHT = Feedback(1.0, verified=True)
TASK = Task("toy", "say yes")


def guarded(
    score: Callable[..., object] = lambda _task, _answer: RIGHT,
    tasks: Callable[..., object] = lambda _split, _seed: (),
    timeout: float = 10.0,
) -> GuardedEnvironment:
    toy = SimpleNamespace(name="toy", instruction="Say yes.", score=score, tasks=tasks)
    return GuardedEnvironment(cast("Environment", toy), timeout=timeout)


def numbered(_split: Split, _seed: int) -> Iterator[Task]:
    return (Task("toy", f"say {number}") for number in range(1_000_000))


async def numbered_async(_split: Split, _seed: int) -> AsyncIterator[Task]:
    for number in range(1_000_000):
        if number % 10 == 0:
            await asyncio.sleep(0)
        yield Task("toy", f"say {number}")


async def numbered_list(split: Split, seed: int) -> list[Task]:
    return list(islice(numbered(split, seed), 1000))


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: object) -> None:
        raise error

    return call


async def failure(environment: GuardedEnvironment, answer: str = "x") -> tuple[Status, str]:
    feedback = await environment.judge(TASK, answer)
    assert (feedback.reward, feedback.verified) == (0.0, False)
    return feedback.status, feedback.text


class TestDraw:
    @pytest.mark.parametrize("tasks", [numbered, numbered_async, numbered_list])
    async def test_tasks_are_distinct_of_the_split_and_none_is_skipped(self, tasks: Callable[..., object]) -> None:
        environment = guarded(tasks=tasks)
        first = await environment.draw("validation", 0, 20)
        assert len({task.id for task in first}) == 20
        assert {task.split for task in first} == {"validation"}
        again = await environment.draw("validation", 0, 15, {task.id for task in first[:10]})
        assert again[:10] == first[10:]
        assert await environment.draw("validation", 0, 0) == []

    async def test_an_environment_that_ends_gives_what_it_has(self) -> None:
        environment = guarded(tasks=lambda _split, _seed: [TASK, TASK])
        drawn = [task for split in ("train", "validation", "test") for task in await environment.draw(split, 0, 5)]
        assert drawn == [TASK]

    async def test_an_environment_that_repeats_itself_for_ever_is_left(self) -> None:
        def same(_split: Split, _seed: int) -> Iterator[Task]:
            while True:
                yield TASK

        assert await guarded(tasks=same).draw(TASK.split, 0, 2) == [TASK]

    async def test_tasks_come_as_json_restores_them(self) -> None:
        task = Task("toy", "say yes", {"words": cast("Any", ("a", "b"))})
        (drawn,) = await guarded(tasks=lambda *_: [task]).draw(task.split, 0, 1)
        assert drawn.data == {"words": ["a", "b"]}

    @pytest.mark.parametrize(
        ("tasks", "message"),
        [
            (raising(ValueError("no data")), "tasks raised ValueError: no data"),
            (raising(SystemExit(2)), "tasks raised SystemExit: 2"),
            (lambda *_: 3, "tasks returned int, which yields no tasks"),
            (lambda *_: ["say yes"], "yielded str instead of Task"),
            (lambda *_: [Task("toy", " ")], "without a prompt"),
            (lambda *_: [Task("toy", cast("str", None))], "without a prompt"),
            (lambda *_: [Task("toy", "x", cast("Mapping[str, Any]", [1]))], "no mapping"),
            (lambda *_: [Task("other", "x")], "of environment 'other'"),
            (lambda split, _: broken(split, {1: 2}), "keys"),
            (lambda split, _: broken(split, {}, cast("str", [3])), "whose `cell` has another type than `Task` says"),
            (lambda split, _: broken(split, {"a": float("nan")}), "not JSON"),
            (lambda split, _: broken(split, {"a": object()}), "not JSON"),
            (lambda split, _: broken(split, {"a": "\ud800"}), "not JSON"),
        ],
    )
    async def test_what_goes_wrong_names_environment_and_split(self, tasks: Callable[..., Any], message: str) -> None:
        with pytest.raises(PluginError) as caught:
            await guarded(tasks=tasks).draw("train", 0, 1)
        assert 'environment "toy", split "train"' in str(caught.value)
        assert message in str(caught.value)

    async def test_raising_half_way_is_an_error_plain_and_async(self) -> None:
        def plain(split: Split, seed: int) -> Iterator[Task]:
            yield next(numbered(split, seed))
            raise KeyError("gone")

        async def awaited(_split: Split, _seed: int) -> AsyncIterator[Task]:
            yield TASK
            raise KeyError("gone")

        for tasks in (plain, awaited):
            with pytest.raises(PluginError, match="tasks raised KeyError: 'gone'"):
                await guarded(tasks=tasks).draw("train", 0, 50)

    async def test_hanging_is_an_error_plain_and_async(self) -> None:
        release = threading.Event()

        def plain(_split: Split, _seed: int) -> Iterator[Task]:
            release.wait()
            yield TASK

        async def awaited(_split: Split, _seed: int) -> AsyncIterator[Task]:
            await asyncio.Event().wait()
            yield TASK

        for tasks in (plain, awaited):
            with pytest.raises(PluginError, match=r"yielded nothing for 0\.05 s"):
                await guarded(tasks=tasks, timeout=0.05).draw("train", 0, 1)
        release.set()

    async def test_a_slow_environment_is_not_a_hung_one(self) -> None:
        def slow(split: Split, seed: int) -> Iterator[Task]:
            for task in numbered(split, seed):
                threading.Event().wait(0.02)
                yield task

        assert len(await guarded(tasks=slow, timeout=0.5).draw("train", 0, 30)) == 30


class TestJudge:
    async def test_sound_verdicts_pass_in_order(self) -> None:
        environment = GuardedEnvironment(Contacts())
        tasks = await environment.draw("train", 0, 60)
        pairs = [(task, canonical_json(task.data) if n % 3 else "no") for n, task in enumerate(tasks)]
        feedback = await environment.judge_all(pairs)
        assert feedback == [Contacts().score(*pair) for pair in pairs]
        assert feedback == list(await asyncio.gather(*(environment.judge(*pair) for pair in pairs)))
        assert await environment.judge_all([]) == []

    async def test_async_verdicts_are_reached_concurrently_on_the_running_loop(self) -> None:
        loop, present, all_there = asyncio.get_running_loop(), 0, asyncio.Event()

        async def score(_task: Task, answer: str) -> Feedback:
            nonlocal present
            assert asyncio.get_running_loop() is loop
            present += 1
            if present == 10:
                all_there.set()
            await all_there.wait()
            return Feedback(int(answer) / 10, verified=False)

        feedback = await guarded(score).judge_all([(TASK, str(n)) for n in range(10)])
        assert [f.reward for f in feedback] == [n / 10 for n in range(10)]

    async def test_a_plain_score_may_return_an_awaitable(self) -> None:
        async def later() -> Feedback:
            return RIGHT

        assert await guarded(lambda *_: later()).judge(TASK, "yes") == RIGHT

    @pytest.mark.parametrize(
        "error", [ValueError("bad"), SystemExit("bad"), asyncio.CancelledError("bad"), GeneratorExit("bad")]
    )
    async def test_raising_is_status_error_with_type_and_message(self, error: BaseException) -> None:
        status, text = await failure(guarded(raising(error)))
        assert status is Status.ERROR
        assert re.fullmatch(rf"score raised {type(error).__name__}: bad \(test_boundary\.py, line \d+\)", text)

    @pytest.mark.parametrize("error", [ValueError("bad"), SystemExit("bad"), StopAsyncIteration("bad")])
    async def test_raising_async_is_status_error(self, error: BaseException) -> None:
        async def score(*_: object) -> Feedback:
            raise error

        assert (await failure(guarded(score)))[0] is Status.ERROR

    async def test_a_score_that_cancels_itself_does_not_cancel_the_run(self) -> None:
        async def score(*_: object) -> Feedback:
            raise asyncio.CancelledError

        assert (await failure(guarded(score)))[0] is Status.ERROR

    async def test_messages_are_one_short_line_even_when_the_exception_is_broken(self) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        assert (await failure(guarded(raising(Mute()))))[1].startswith("score raised Mute:  (")
        text = (await failure(guarded(raising(ValueError("a\nb\ud800" + "x" * 5000)))))[1]
        assert text.startswith("score raised ValueError: a b?x")
        assert len(text) < 360

    async def test_hanging_is_status_timeout_and_holds_up_nobody(self) -> None:
        release = threading.Event()

        def plain(_task: Task, answer: str) -> Feedback:
            if answer == "hang":
                release.wait()
            return RIGHT

        async def awaited(_task: Task, answer: str) -> Feedback:
            if answer == "hang":
                await asyncio.Event().wait()
            return RIGHT

        pairs = [(TASK, "hang" if n < 12 else "go") for n in range(60)]
        for score in (plain, awaited):
            feedback = await guarded(score, timeout=0.5).judge_all(pairs)
            assert {f.status for f in feedback[:12]} == {Status.TIMEOUT}
            assert feedback[0].text == "score took longer than 0.5 s"
            assert feedback[12:] == [RIGHT] * 48
        release.set()

    async def test_ignoring_cancellation_is_a_timeout_all_the_same(self) -> None:
        over = asyncio.Event()

        async def score(*_: object) -> Feedback:
            while not over.is_set():
                try:
                    await over.wait()
                except asyncio.CancelledError:
                    continue
            return RIGHT

        assert (await failure(guarded(score, timeout=0.05)))[0] is Status.TIMEOUT
        over.set()

    async def test_cancelling_a_judgement_leaves_no_coroutine_behind(self) -> None:
        async def score(*_: object) -> Feedback:
            await asyncio.Event().wait()
            return RIGHT

        environment = guarded(score)
        running = asyncio.create_task(environment.judge_all([(TASK, str(n)) for n in range(200)]))
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()


class TestLearningEnvironment:
    async def test_it_draws_and_judges_like_the_guarded_one(self) -> None:
        whole = GuardedEnvironment(Contacts())
        view = LearningEnvironment(whole)
        assert (view.name, view.instruction) == (whole.name, whole.instruction)
        for split in ("train", "validation"):
            tasks = await view.draw(split, 3, 5)
            assert tasks == await whole.draw(split, 3, 5)
            assert await view.judge(tasks[0], "no") == await whole.judge(tasks[0], "no")

    async def test_the_test_split_is_sealed(self) -> None:
        with pytest.raises(PluginError, match="the test split is sealed"):
            await LearningEnvironment(GuardedEnvironment(Contacts())).draw("test", 0, 1)


def test_attempt_returns_what_was_raised_but_lets_ctrl_c_through() -> None:
    assert guarded_call(lambda: 3) == 3
    raised = guarded_call(raising(OSError("disk full")))
    assert isinstance(raised, Raised)
    assert str(raised).startswith("OSError: disk full (test_boundary.py, line ")
    with pytest.raises(KeyboardInterrupt):
        guarded_call(raising(KeyboardInterrupt()))


def test_what_was_raised_names_the_innermost_line_that_is_not_the_libraries_own() -> None:
    def reads() -> object:
        return json.loads("no JSON")

    raised = guarded_call(reads)
    assert isinstance(raised, Raised)
    assert raised.place == f"test_boundary.py, line {reads.__code__.co_firstlineno + 1}"  # and none of json's
    with pytest.raises(ValueError, match="no JSON") as caught:
        int("no JSON")
    assert Raised(caught.value.with_traceback(None)).place == ""


def broken(split: Split, data: Mapping[Any, Any], cell: str = "") -> list[Task]:
    """A task of the split whose data is `data`."""
    return [next(Task("toy", task.prompt, data, cell) for task in numbered(split, 0) if task.split == split)]


class _Guess:
    """An episode whose observations say nothing of the task, or all of it."""

    def __init__(self, first: str) -> None:
        self.turn = Turn(first)

    def step(self, action: str) -> Turn:
        self.turn = Turn(f"{action} is too low.", done=action == "9")
        return self.turn

    def feedback(self) -> Feedback:
        return Feedback(1.0, verified=True)


@pytest.mark.parametrize(
    ("first", "shown", "later"),
    [
        ("No guess so far.", "Guess my number.\n\nNo guess so far.", "Guess my number.\n\n5 is too low."),
        ("", "Guess my number.", "Guess my number.\n\n5 is too low."),
        ("Hello! Guess  my number.", "Hello! Guess  my number.", "5 is too low."),
        ("my number", "my number", "5 is too low."),
    ],
)
async def test_the_prompt_of_a_task_reaches_the_player_of_an_episode(first: str, shown: str, later: str) -> None:
    async def call(work: Callable[[], object]) -> object:
        return work()

    play = Play.of(_Guess(first), call, most=5, prompt="Guess my number.")
    assert play is not None
    assert play.turn.observation == shown
    await play.step("5")
    assert play.turn.observation == later
