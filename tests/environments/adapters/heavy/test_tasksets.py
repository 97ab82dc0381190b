"""`vf:` with verifiers itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from textwrap import dedent

import pytest

from burnish.environments.adapters.tasksets import Taskset
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.kit import check
from burnish.environments.registry import load
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS, JsonValue, Status, Task

PAGE = (Path(__file__).parents[4] / "docs" / "adapters.md").read_text(encoding="utf-8")

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SUMS = """
    from collections.abc import Iterable
    import verifiers.v1 as vf

    __all__ = ["SumsTaskset"]

    class SumsData(vf.TaskData):
        answer: str

    class SumsTask(vf.Task[SumsData]):
        {extra}

        @vf.reward(weight=2.0)
        async def right(self, trace: vf.Trace) -> float:
            return float(trace.last_reply.split()[-1:] == [self.data.answer])

        @vf.reward(weight=0.5)
        async def brief(self, trace: vf.Trace) -> float:
            return float(len(trace.last_reply) < 10)

        @vf.reward(weight=-1.0)
        async def rude(self, trace: vf.Trace) -> float:
            return float("!" in trace.last_reply)

    class SumsConfig(vf.TasksetConfig):
        largest: int = 20

    class SumsTaskset(vf.Taskset[SumsTask, SumsConfig]):
        def load(self) -> Iterable[SumsTask]:
            for a in range(self.config.largest):
                for b in range(self.config.largest):
                    data = SumsData(prompt=f"{{a}} + {{b}}?", answer=str(a + b), system_prompt="Add.", name="sum")
                    yield SumsTask(data, self.config.task)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tasksets")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def written(folder: Path, name: str, extra: str = "pass") -> str:
    (folder / f"{name}.py").write_text(dedent(SUMS).format(extra=extra), encoding="utf-8")
    return name


@pytest.fixture(scope="module")
def sums(folder: Path) -> Taskset:
    return Taskset(written(folder, "burnish_test_sums"), largest=12)


async def reward_by_verifiers(environment: Taskset, task: Task, answer: str) -> float:
    """What the library itself sums up, for the same task found by its prompt."""
    (own,) = [t for t in environment._taskset if t.data.prompt == task.prompt]
    trace = environment._trace(own, answer)
    await own.score(trace)
    return float(trace.reward)


@pytest.mark.parametrize("answer", ["{}", "it is surely {}", "{}!", "nope", "", "\ud800", "x" * 10_000])
async def test_the_reward_is_the_librarys_sum_over_the_positive_weights(sums: Taskset, answer: str) -> None:
    for task in islice(sums.tasks("train", 0), 3):
        expected = task.data["answer"]
        assert isinstance(expected, dict)
        given = answer.format(expected["answer"])
        feedback = await sums.score(task, given)
        summed = await reward_by_verifiers(sums, task, given.encode("utf-8", "replace").decode())
        assert feedback.reward == pytest.approx(min(1.0, max(0.0, summed / 2.5)))
        assert feedback.verified == (feedback.reward == 1.0) == (answer == "{}")
        assert bool(feedback.text) != feedback.verified


async def test_feedback_names_the_checks_that_failed(sums: Taskset) -> None:
    task = next(sums.tasks("train", 0))
    assert (await sums.score(task, "no such sum!!")).text.split("\n") == [
        'the check "brief" is not passed in full',
        'the check "right" is not passed in full',
        'the check "rude" takes from the reward',
    ]


async def test_tasks_are_all_there_once_and_in_an_order_of_the_seed(sums: Taskset) -> None:
    tasks = [task for split in SPLITS for task in await GuardedEnvironment(sums).draw(split, 0, 1000)]
    assert len({task.prompt for task in tasks}) == len(tasks) == 144
    assert list(sums.tasks("train", 0)) == list(sums.tasks("train", 0)) != list(sums.tasks("train", 1))
    assert sums.instruction == "Add."
    assert "Add." not in tasks[0].prompt


async def test_a_reward_function_that_raises_gives_no_verdict(folder: Path) -> None:
    extra = "@vf.reward\n    async def broken(self, trace: vf.Trace) -> float:\n        raise OSError('no')"
    environment = Taskset(written(folder, "burnish_test_broken", extra))
    guarded = GuardedEnvironment(environment)
    (task,) = await guarded.draw("train", 0, 1)
    assert (await guarded.judge(task, "1")).status is Status.ERROR


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("NEEDS_CONTAINER = True", "need a container"),
        ("async def setup(self, trace, runtime): ...", "prepare a runtime"),
        (
            "@vf.reward\n    async def ran(self, trace: vf.Trace, runtime: vf.Runtime) -> float:\n        return 1.0",
            'its reward "ran" needs a runtime',
        ),
    ],
)
def test_what_cannot_be_judged_here_is_refused_with_the_reason(folder: Path, extra: str, reason: str) -> None:
    name = written(folder, f"burnish_test_refused_{abs(hash(reason))}", extra)
    with pytest.raises(PluginError, match=reason):
        load(f"vf:{name}", {})


def test_the_example_of_the_page_keeps_its_promises(folder: Path) -> None:
    found = re.search(r"```python\n(# sums\.py\n.*?)```", PAGE, re.DOTALL)
    assert found
    (folder / "burnish_test_page.py").write_text(found[1], encoding="utf-8")
    options: dict[str, JsonValue] = {"largest": 12, "licence": "CC0-1.0"}
    conformance = check("vf:burnish_test_page", options, only=["licence", "tasks", "hostile unpaid", "offline"])
    assert [finding.outcome for finding in conformance.findings] == ["kept"] * 4


def test_the_licence_is_what_is_given(folder: Path) -> None:
    name = written(folder, "burnish_test_licence")
    assert Taskset(name).licence == "NOASSERTION"
    assert Taskset(name, licence="MIT").licence == "MIT"
    with pytest.raises(ConfigError, match="licence is 5; give the SPDX name of a licence"):
        load(f"vf:{name}", {"licence": 5})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", '"vf:" names no taskset; write the name of its module behind the colon'),
        ("my.sums", '"vf:my.sums" names no module'),
        ("sets/Sums.py", 'named as it is imported; write "vf:Sums", and name the folder .*sets in PYTHONPATH$'),
    ],
)
def test_a_name_that_no_module_can_have_is_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(f"vf:{name}", {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "import verifiers",
            "import no_such_module",
            r"cannot be imported: .*no_such_module.* \(\w+\.py, line 3\); mend",
        ),
        ("__all__", "exported", "cannot be imported: .* defines no `__all__`"),
        ("range(", "absent(", r"cannot load its tasks: NameError: .*absent.* \(\w+\.py, line \d+\); mend"),
        ("= 20", "= 0", "has no tasks; mend"),
    ],
)
def test_a_module_that_fails_is_named_with_the_reason(folder: Path, old: str, new: str, said: str) -> None:
    name = f"burnish_test_failing_{sum(map(ord, old))}"
    (folder / f"{name}.py").write_text(dedent(SUMS).format(extra="pass").replace(old, new), encoding="utf-8")
    with pytest.raises(PluginError, match=f'"vf:{name}" {said}'):
        load(f"vf:{name}", {})


def test_mistakes_are_named(folder: Path) -> None:
    with pytest.raises(PluginError, match=r"no module no_such_set; install .*folder of no_such_set\.py in PYTHONPATH"):
        load("vf:no-such-set", {})
    name = written(folder, "burnish_test_mistakes")
    with pytest.raises(ConfigError, match='no option "lagest"; did you mean "largest"'):
        load(f"vf:{name}", {"lagest": 3})
    with pytest.raises(ConfigError, match=r"options: largest is 'many': Input should be a valid integer.*$") as error:
        load(f"vf:{name}", {"largest": "many"})
    assert "http" not in str(error.value)
