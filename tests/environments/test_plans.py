"""Plans are resolved as a DAG; whatever is wrong with one is feedback."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.plans import (
    CYCLE,
    FOREIGN,
    MOST_STEPS,
    TOO_LONG,
    TWICE,
    UNDEFINED,
    UNUSED,
    Call,
    Reference,
    Resolution,
    is_plan,
    parse_plan,
    resolve,
)
from burnish.environments.toolbox import Toolbox
from burnish.protocols import Tool, ToolResult
from burnish.types import Feedback, JsonValue, Status, Task


def join(a: str, b: str) -> str:
    """Two texts, one after the other."""
    return a + b


def half(number: float) -> float:
    """Half of a number."""
    return number / 2


def less(a: float, b: float) -> float:
    """A number less another."""
    if a < b:
        raise ValueError("the first must be the larger")
    return a - b


BOX = Toolbox(join, half, less)
CONSTANTS: list[JsonValue] = [7, 2.5, "ab", 'say "so"']


def resolved(answer: str, constants: list[JsonValue] | None = None) -> Resolution:
    async def use(tool: str, arguments: Mapping[str, JsonValue]) -> object:
        return BOX.call(tool, arguments)

    outcome = asyncio.run(resolve(answer, BOX.tools, CONSTANTS if constants is None else constants, use))
    assert isinstance(outcome, Resolution)
    return outcome


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("y1 = half(7)", "3.5"),
        ("y1 = less(7, 2.5)\n\ny2 = half(y1)\n", "2.25"),
        ('x = join("ab", "ab")', "abab"),
        ('x = join("ab", "say \\"so\\"")', 'absay "so"'),
        ("b = half(a)\n a=half( 7 )\nc = less(a, b)", "1.75"),  # lines may stand in any order
        ("a = half(7)\nb = less(7, a)\nc = less(b, a)", "0"),
    ],
)
def test_a_plan_comes_to_the_value_of_its_last_line(answer: str, text: str) -> None:
    outcome = resolved(answer)
    assert (outcome.problem, outcome.text) == ("", text)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("a = half(a)", CYCLE),
        ("a = half(b)\nb = half(a)", CYCLE),
        ("a = half(b)", UNDEFINED),
        ("a = half(7)\na = half(7)", TWICE),
        ("a = half(7)\nb = half(7)", UNUSED),
        ("a = half(8)", FOREIGN),
        ("a = half(-7)", FOREIGN),
        ("a = double(7)", "use only the tools join, half, less"),
        ("a = half()", "half: give 1 arguments"),
        ("a = half(7, 7)", "half: give 1 arguments"),
        ('a = half("ab")', "half: number must be a number"),
        ("a = less(2.5, 7)", "less: the first must be the larger"),
        ("a = half(7)\nso it is 3.5", "every line must be one call, such as y1 = join(a, b)"),
        ("the answer is 3.5", "every line must be one call, such as y1 = join(a, b)"),
        ("a = half(7 7)", "every line must be one call, such as y1 = join(a, b)"),
        ("a = half(7,)", "every line must be one call, such as y1 = join(a, b)"),
        ("\n".join(f"y{n} = half(7)" for n in range(MOST_STEPS + 1)), TOO_LONG),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_without_its_words(answer: str, problem: str) -> None:
    assert resolved(answer).problem == problem


def test_several_faults_are_said_at_once() -> None:
    assert set(resolved("a = double(c)\na = half(9)").problem.splitlines()) == {
        "use only the tools join, half, less",
        TWICE,
        UNDEFINED,
        FOREIGN,
    }


@given(st.text(alphabet='ab1 ,=()"\\\n', max_size=60))
def test_any_text_is_parsed_or_no_plan(text: str) -> None:
    calls = parse_plan(text)
    assert calls is None or all(call.name and call.tool for call in calls)
    if calls:
        assert is_plan(text)


_NAMES = st.sampled_from(["y1", "y2", "total"])
_ARGUMENTS = st.one_of(
    _NAMES.map(Reference),
    st.integers(-(10**9), 10**9),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")),
)


@given(_NAMES, st.lists(_ARGUMENTS, max_size=4))
def test_a_call_that_is_written_is_read(name: str, arguments: list[Any]) -> None:
    import json

    shown = [a.name if isinstance(a, Reference) else json.dumps(a) for a in arguments]
    assert parse_plan(f"{name} = tool({', '.join(shown)})") == [Call(name, "tool", tuple(arguments))]


@dataclass
class Bench:
    """Poses one task; its tool waits, fails, or breaks its promise."""

    fault: str = ""
    name: str = "bench"
    instruction: str = "Plan."
    running: list[int] = field(default_factory=lambda: [0, 0])
    tools: tuple[Tool, ...] = BOX.tools

    def tasks(self, split: str, seed: int) -> list[Task]:
        return [Task("bench", "seven")]

    def score(self, task: Task, answer: str) -> Feedback:
        return Feedback(float(answer == "1.75"), verified=answer == "1.75")

    def constants(self, task: Task) -> list[JsonValue]:
        if self.fault == "constants":
            raise RuntimeError("no constants")
        return [7]

    async def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> ToolResult:
        if self.fault == "raises":
            raise RuntimeError("broken tool")
        if self.fault == "returns":
            return "3.5"  # type: ignore[return-value]
        if self.fault == "hangs":
            await asyncio.sleep(60)
        self.running[0] += 1
        self.running[1] = max(self.running)
        await asyncio.sleep(0.05)
        self.running[0] -= 1
        return BOX.call(tool, arguments)


PLAN = "a = half(7)\nb = half(7)\nc = half(b)\nd = less(a, c)"


async def test_the_boundary_judges_what_a_plan_comes_to_and_runs_independent_lines_at_once() -> None:
    bench = Bench()
    feedback = await GuardedEnvironment(bench).judge(Task("bench", "seven"), PLAN)
    assert feedback.verified
    assert bench.running[1] == 2


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("raises", Status.ERROR, "call raised RuntimeError: broken tool"),
        ("returns", Status.ERROR, "call returned str"),
        ("constants", Status.ERROR, "constants raised RuntimeError: no constants"),
        ("hangs", Status.TIMEOUT, "call took longer than 0.2 s"),
    ],
)
async def test_a_failing_tool_is_the_environments_failure_and_no_reward_of_zero(
    fault: str, status: Status, text: str
) -> None:
    began = time.monotonic()
    feedback = await GuardedEnvironment(Bench(fault), timeout=0.2).judge(Task("bench", "seven"), PLAN)
    assert (feedback.status, feedback.verified) == (status, False)
    assert feedback.text.startswith(text)
    assert not feedback.status.judged
    assert time.monotonic() - began < 30


async def test_where_a_plan_is_not_demanded_an_answer_may_do_without() -> None:
    assert (await GuardedEnvironment(Bench()).judge(Task("bench", "seven"), "1.75")).verified


async def test_where_it_is_no_number_of_the_models_own_is_trusted() -> None:
    environment = Arithmetic()
    task = next(environment.tasks("train", 0))
    right, plan, own = await GuardedEnvironment(environment).judge_all(
        [
            (task, str(task.data["answer"])),
            (task, environment.solve(task)),
            (task, f"y1 = add({task.data['answer']}, 0)"),
        ]
    )
    assert plan.verified
    assert right.status is Status.UNPARSABLE
    assert own.text == FOREIGN
