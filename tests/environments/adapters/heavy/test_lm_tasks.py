"""`lmeval:` with lm-eval itself: its own evaluation of the same answers gives the same scores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from burnish.environments.adapters.lm_tasks import ONE_CHOICE, LmEval
from burnish.environments.registry import load
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS, Status, Task, canonical_json

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SUMS = """
    task: sums
    dataset_path: json
    dataset_kwargs:
      data_files:
        test: sums.jsonl
    test_split: test
    output_type: {output_type}
    doc_to_text: "Question: {{{{q}}}}?\\nAnswer:"
    doc_to_target: "{{{{a}}}}"
    filter_list:
      - name: strict
        filter:
          - function: regex
            regex_pattern: "^(-?[0-9]+)$"
          - function: take_first
      - name: last
        filter:
          - function: regex
            regex_pattern: "(-?[0-9]+)"
            group_select: -1
          - function: take_first
    metric_list:
      - metric: exact_match
        aggregation: mean
        higher_is_better: true
    generation_kwargs:
      until: ["###"]
"""
CHOICE = """
    task: choice
    dataset_path: json
    dataset_kwargs:
      data_files:
        test: [choice.jsonl]
    test_split: test
    output_type: multiple_choice
    doc_to_text: "{{question}}"
    doc_to_choice: choices
    doc_to_target: label
    metric_list:
      - metric: acc
      - metric: acc_norm
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lmeval")
    sums = [{"q": f"{a} plus {b}", "a": str(a + b)} for a in range(12) for b in range(12)]
    names = ["one", "twenty-two", "three"]
    choice = [{"question": f"Which is number {n}?", "choices": names, "label": n % 3} for n in range(60)]
    for name, rows in (("sums", sums), ("choice", choice)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "sums.yaml").write_text(dedent(SUMS).format(output_type="generate_until"), encoding="utf-8")
    (folder / "choice.yaml").write_text(dedent(CHOICE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("datasets.config"), "HF_DATASETS_CACHE", folder / "cache")
        yield folder


def evaluated(folder: Path, name: str, answers: dict[str, str]) -> dict[str, dict[str, float]]:
    """By question, what lm-eval gives a model of its own kind that answers as told."""
    api: Any = import_module("lm_eval.api.model")
    evaluator: Any = import_module("lm_eval.evaluator")
    manager: Any = import_module("lm_eval.tasks").TaskManager(include_path=str(folder), include_defaults=False)

    class Told(api.LM):  # type: ignore[misc]
        def generate_until(self, requests: list[Any]) -> list[str]:
            return [answers[request.args[0]] for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            return [(0.0 if answers[r.args[0]] == r.args[1].strip() else -1e6, False) for r in requests]

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            raise NotImplementedError

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = evaluator.simple_evaluate(
            model=Told(), tasks=[name], task_manager=manager, log_samples=True, bootstrap_iters=0
        )
    scores: dict[str, dict[str, float]] = {}
    for sample in found["samples"][name]:
        asked = (
            sample["arguments"][0][0]
            if isinstance(sample["arguments"], list)
            else sample["arguments"]["gen_args_0"]["arg_0"]
        )
        scores.setdefault(asked, {})[sample["filter"]] = sample["exact_match" if name == "sums" else "acc"]
    return scores


def all_tasks(environment: LmEval) -> list[Task]:
    return [task for split in SPLITS for task in environment.tasks(split, 0)]


def test_generated_answers_get_what_lm_eval_gives_them(folder: Path) -> None:
    strict = LmEval(str(folder / "sums.yaml"))
    last = LmEval(str(folder / "sums.yaml"), filter="last")
    tasks = all_tasks(strict)
    forms = ["{}", "it is {}", "{} or 3", "", "nope", "-{}"]
    answers = {task.prompt: forms[n % 6].format(task.data["answer"]) for n, task in enumerate(tasks)}
    theirs = evaluated(folder, "sums", answers)
    assert len(theirs) == len(tasks) == 144
    for task in tasks:
        answer = answers[task.prompt]
        assert strict.score(task, answer).reward == theirs[task.prompt]["strict"]
        assert last.score(task, answer).reward == theirs[task.prompt]["last"]
        assert strict.score(task, answer).verified == (theirs[task.prompt]["strict"] == 1.0)


def test_choices_get_what_lm_eval_gives_them(folder: Path) -> None:
    environment = LmEval(str(folder / "choice.yaml"))
    tasks = all_tasks(environment)
    choices = ["one", "twenty-two", "three"]
    answers = {task.prompt.partition("\n")[0]: choices[n % 3] for n, task in enumerate(tasks)}
    theirs = evaluated(folder, "choice", answers)
    assert len(theirs) == len(tasks) == 60
    for task in tasks:
        question = task.prompt.partition("\n")[0]
        assert environment.score(task, answers[question]).reward == theirs[question]["none"]
        assert all(f"\n- {choice}" in task.prompt for choice in choices)


@pytest.mark.parametrize("name", ["sums", "choice"])
def test_targets_are_verified_and_hostile_answers_are_not(folder: Path, name: str) -> None:
    environment = LmEval(str(folder / f"{name}.yaml"))
    for task in all_tasks(environment)[:20]:
        restored = Task.from_json(json.loads(canonical_json(task.to_json())))
        gold = environment.solve(restored)
        assert gold is not None
        assert environment.score(restored, gold).verified
        for answer in ("", "nope", "\x00", "\ud800", "9" * 5_000, "[" * 10_000, f"{gold} and more"):
            feedback = environment.score(restored, answer)
            assert (feedback.status.judged, feedback.verified, feedback.reward) == (True, False, 0.0)
            assert feedback.text
    if name == "choice":
        assert environment.score(task, "all of them").status is Status.UNPARSABLE
        assert environment.score(task, "all of them").text == ONE_CHOICE


def test_the_order_is_that_of_the_seed(folder: Path) -> None:
    environment = LmEval(str(folder / "sums.yaml"))
    assert list(environment.tasks("train", 1)) == list(environment.tasks("train", 1))
    assert list(environment.tasks("train", 1)) != list(environment.tasks("train", 2))


def test_mistakes_are_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match='no metric "exact_mach"; did you mean "exact_match"'):
        load(f"lmeval:{folder}/sums.yaml", {"metric": "exact_mach"})
    with pytest.raises(ConfigError, match='no filter "lst"; did you mean "last"'):
        load(f"lmeval:{folder}/sums.yaml", {"filter": "lst"})
    with pytest.raises(PluginError, match="there is no file"):
        load("lmeval:missing.yaml", {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_type: generate_until", "output_type: loglikelihood", "asks for probabilities of given texts"),
        ("dataset_path: json", "dataset_path: someone/somewhere", "its data is not in local files"),
        ("sums.jsonl", "elsewhere.jsonl", "there is no data file .*elsewhere.jsonl"),
        ("sums.jsonl", "https://example.org/x.jsonl", "there is no data file .*never fetched"),
        ("doc_to_text: ", "doc_to_text: {} # ", "lm-eval cannot make its task"),
        ("task: sums", "task: [", "cannot be read as a task"),
    ],
)
def test_what_cannot_be_answered_or_needs_the_network_is_refused(
    folder: Path, old: str, new: str, message: str
) -> None:
    text = (folder / "sums.yaml").read_text(encoding="utf-8")
    (folder / "other.yaml").write_text(text.replace(old, new), encoding="utf-8")
    try:
        with pytest.raises(PluginError, match=message):
            load(f"lmeval:{folder}/other.yaml", {})
    finally:
        (folder / "other.yaml").unlink()
