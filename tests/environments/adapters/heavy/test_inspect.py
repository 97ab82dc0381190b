"""`inspect:` with inspect-ai itself: its own eval of the same answers gives the same scores."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from burnish.environments.adapters.inspect_tasks import Inspect
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS, Status

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

QUIZ = """
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import Score, accuracy, choice, exact, includes, match, model_graded_fact, scorer
    from inspect_ai.solver import generate, multiple_choice, prompt_template, self_critique, system_message

    @task
    def sums(largest: int = 12):
        samples = [Sample(input=f"{a} + {b}?", target=str(a + b)) for a in range(largest) for b in range(largest)]
        solver = [system_message("Add the numbers."), prompt_template("Question: {prompt}"), generate()]
        return Task(dataset=MemoryDataset(samples), solver=solver, scorer=[match(), exact()])

    @task
    def letters():
        samples = [Sample(input=f"Which is {n}?", choices=[str(n), str(n + 1)], target="A") for n in range(50)]
        return Task(dataset=MemoryDataset(samples), solver=multiple_choice(), scorer=choice())

    @scorer(metrics=[accuracy()])
    def asking():
        async def score(state, target):
            return Score(value=(await get_model().generate("?")).completion)
        return score

    @scorer(metrics=[accuracy()])
    def ten():
        async def score(state, target):
            return Score(value=10)
        return score

    ONE = [Sample(input="x", target="y")]

    @task
    def graded():
        return Task(dataset=ONE, scorer=model_graded_fact())

    @task
    def asked():
        return Task(dataset=ONE, scorer=asking())

    @task
    def tens():
        return Task(dataset=ONE, scorer=ten())

    @task
    def boxed():
        return Task(dataset=ONE, scorer=match(), sandbox="local")

    @task
    def twice():
        return Task(dataset=ONE, solver=[generate(), generate()], scorer=match())

    @task
    def critic():
        return Task(dataset=ONE, solver=[generate(), self_critique(model="mockllm/model")], scorer=match())

    @task
    def unscored():
        return Task(dataset=ONE)

    @task
    def fails():
        raise ValueError("no such thing")

    @task
    def empty():
        return Task(dataset=MemoryDataset([]), scorer=match())

    @task
    def free(to):
        return Task(dataset=ONE, scorer=match(), metadata={"license": "CC-BY-4.0"})
"""


@pytest.fixture(scope="module")
def quiz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inspect") / "quiz.py"
    path.write_text(dedent(QUIZ), encoding="utf-8")
    return path


ANSWERS = {"sums": ["{}", "it is {}", "nope", ""], "letters": ["ANSWER: A", "ANSWER: B", "A", "first B\nANSWER: A", ""]}


@pytest.mark.parametrize("name", ANSWERS)
async def test_scores_are_those_of_an_eval_by_inspect(quiz: Path, name: str, tmp_path: Path) -> None:
    """The same samples and answers, run by inspect-ai with its scripted model."""
    environment = Inspect(f"{quiz}@{name}")
    ai: Any = import_module("inspect_ai")
    model: Any = import_module("inspect_ai.model")
    to_float = import_module("inspect_ai.scorer").value_to_float()
    sample = environment._task.dataset[7]
    task = await environment._posed(sample)
    for template in ANSWERS[name]:
        answer = template.format(sample.target)
        output = model.ModelOutput.from_content("mockllm/model", answer)
        output.usage = model.ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it fetches a tokenizer
        (log,) = await ai.eval_async(
            f"{quiz}@{name}",
            model=model.get_model("mockllm/model", custom_outputs=[output], memoize=False),
            sample_id=[8],
            log_dir=str(tmp_path),
        )
        assert log.status == "success", log.error
        theirs = {scorer: to_float(score.value) for scorer, score in log.samples[0].scores.items()}
        feedback = await environment.score(task, answer)
        assert feedback.parts == theirs
        assert feedback.reward == pytest.approx(sum(theirs.values()) / len(theirs))
        assert feedback.verified == all(value == 1.0 for value in theirs.values())


@pytest.mark.parametrize("name", ANSWERS)
async def test_targets_are_verified_and_hostile_answers_are_not(quiz: Path, name: str) -> None:
    environment = Inspect(f"{quiz}@{name}")
    guarded = GuardedEnvironment(environment)
    for task in await guarded.draw("train", 0, 5):
        gold = await environment.solve(task)
        assert gold is not None
        assert (await guarded.judge(task, gold)).verified
        for answer in ("", "nope", "\x00", "\ud800", "9" * 5_000, "{target}"):
            feedback = await guarded.judge(task, answer)
            assert feedback.status is Status.OK
            assert not feedback.verified
            assert feedback.text


async def test_the_system_message_is_the_seed_prompt_and_tasks_are_each_in_one_split(quiz: Path) -> None:
    environment = Inspect(f"{quiz}@sums", largest=10)
    assert environment.instruction == "Add the numbers."
    guarded = GuardedEnvironment(environment)
    drawn = [task for split in SPLITS for task in await guarded.draw(split, 0, 500)]
    assert len({task.prompt for task in drawn}) == len(drawn) == 100
    assert all(task.prompt.startswith("Question: ") for task in drawn)
    again = [task async for task in environment.tasks("train", 0)]
    assert again == [task async for task in Inspect(f"{quiz}@sums", largest=10).tasks("train", 0)]
    assert list(islice(again, 5)) != [task async for task in environment.tasks("train", 1)][:5]


async def test_a_score_beyond_1_is_no_verdict(quiz: Path) -> None:
    environment = Inspect(f"{quiz}@tens")
    task = await environment._posed(environment._task.dataset[0])
    assert (await GuardedEnvironment(environment).judge(task, "y")).status is Status.ERROR


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("graded", 'is judged by a model \\("model_graded_fact"\\)'),
        ("asked", "has a scorer that fails here"),
        ("boxed", "needs a sandbox"),
        ("twice", "asks the model more than once"),
        ("critic", "has a solver that fails here"),
        ("unscored", "has no scorer"),
    ],
)
def test_what_cannot_be_judged_here_is_refused_with_the_reason(
    quiz: Path, name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSPECT_EVAL_MODEL", raising=False)
    with pytest.raises(PluginError, match=f"{reason}.*, so it cannot be used here"):
        load(f"inspect:{quiz}@{name}", {})


def test_mistakes_are_named(quiz: Path) -> None:
    with pytest.raises(ConfigError, match='knows no task "sms"; did you mean "sums"'):
        load(f"inspect:{quiz}@sms", {})
    with pytest.raises(ConfigError, match='no option "lagest"; did you mean "largest"'):
        load(f"inspect:{quiz}@sums", {"lagest": 3})
    with pytest.raises(ConfigError, match='knows no task "nobody/nothing"'):
        load("inspect:nobody/nothing", {})
    with pytest.raises(ConfigError, match=r"no task of the file is named; .*letters.*sums.*path\.py@task"):
        Inspect(str(quiz))
    with pytest.raises(ConfigError, match=r'"inspect:": no task is named; .*package/task or path\.py@task'):
        load("inspect:", {})
    with pytest.raises(PluginError, match="there is no file"):
        load("inspect:missing.py@x", {})
    with pytest.raises(ConfigError, match=r'"inspect:quiz\.py@free" needs the option "to"; it takes to, licence'):
        load(f"inspect:{quiz}@free", {})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fails", r"ValueError: no such thing \(quiz\.py, line \d+\)"),
        ("empty", r"ValueError: The specified dataset is empty \(has no samples\) \(task\.py, line \d+\)"),
    ],
)
def test_a_task_that_cannot_be_made_says_why_and_once_where(quiz: Path, name: str, said: str) -> None:
    with pytest.raises(
        PluginError, match=f'^"inspect:quiz.py@{name}" cannot be made: {said}; mend the task or its options$'
    ):
        load(f"inspect:{quiz}@{name}", {})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("@task\ndef x(:\n    ...", r"SyntaxError: invalid syntax \(own\.py, line 2\)"),
        ("import no_such_module\n@task\ndef x(): ...", r"ModuleNotFoundError: .*no_such_module.* \(own\.py, line 1\)"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named_with_its_line(tmp_path: Path, source: str, said: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(PluginError, match=f"own.py cannot be imported: {said}; mend the file$"):
        load(f"inspect:{path}@x", {})


def test_the_licence_is_what_is_given_or_stands_in_the_task(quiz: Path) -> None:
    assert Inspect(f"{quiz}@sums").licence == "NOASSERTION"
    assert Inspect(f"{quiz}@sums", licence="CC0-1.0").licence == "CC0-1.0"
    assert Inspect(f"{quiz}@free", to=1).licence == "CC-BY-4.0"
    with pytest.raises(ConfigError, match="licence is 5; give the SPDX name of a licence"):
        load(f"inspect:{quiz}@sums", {"licence": 5})
    with pytest.raises(ConfigError, match='no option "license"; did you mean "licence"'):
        load(f"inspect:{quiz}@sums", {"license": "MIT"})
