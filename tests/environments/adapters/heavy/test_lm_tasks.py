"""`lmeval:` with lm-eval itself: its own evaluation of the same answers gives the same scores."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from burnish.environments.adapters.lm_tasks import ONE_CHOICE, LmEval
from burnish.environments.kit import check
from burnish.environments.registry import load
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS, JsonValue, Status, Task, canonical_json

PAGE = (Path(__file__).parents[4] / "docs" / "adapters.md").read_text(encoding="utf-8")

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
    twice = [*sums[:5], {"q": " 0 plus 2", "a": "3"}]
    gap = [*sums[:3], {"q": "40 plus 2"}, *sums[3:]]
    files: dict[str, Sequence[object]] = {
        "sums": sums,
        "choice": choice,
        "twice": twice,
        "gap": gap,
        "few": sums[:2],
        "empty": [],
    }
    for name, rows in files.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "sums.yaml").write_text(dedent(SUMS).format(output_type="generate_until"), encoding="utf-8")
    (folder / "own.py").write_text("def near(predictions, references): ...", encoding="utf-8")
    (folder / "choice.yaml").write_text(dedent(CHOICE), encoding="utf-8")
    (folder / "broken.jsonl").write_text('{"q": "1", "a": "2"}\n{"q": oops}\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_DATASETS_CACHE", str(folder / "cache"))  # of processes that check
        patch.setattr(import_module("datasets.config"), "HF_DATASETS_CACHE", folder / "cache")
        yield folder


@pytest.fixture
def apart(folder: Path, tmp_path: Path) -> Path:
    """The same files in a folder of the test's own."""
    return Path(shutil.copytree(folder, tmp_path / "apart", ignore=shutil.ignore_patterns("cache")))


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """A task file in which one thing is written otherwise."""
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "other.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


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


def test_the_example_of_the_page_keeps_its_promises_without_a_network(apart: Path) -> None:
    found = re.search(r"```yaml\n(task: sums\n.*?)```", PAGE, re.DOTALL)
    assert found
    path = apart / "page.yaml"
    path.write_text(found[1], encoding="utf-8")
    conformance = check(f"lmeval:{path}", only=["licence", "tasks", "offline"])
    assert [finding.outcome for finding in conformance.findings] == ["kept"] * 3
    assert LmEval(str(path)).files == [str((apart / "sums.jsonl").resolve())]


def test_a_load_leaves_the_modes_of_the_library_as_they_were(apart: Path) -> None:
    hubs: list[Any] = [import_module("datasets.config"), import_module("huggingface_hub.constants")]
    with pytest.MonkeyPatch.context() as patch:
        for hub, mode in zip(hubs, (True, False), strict=True):
            patch.setattr(hub, "HF_HUB_OFFLINE", mode)
        LmEval(str(apart / "sums.yaml"))
        with pytest.raises(PluginError):
            LmEval(str(changed(apart, "sums", "{{q}}", "{{other}}")))
        assert [hub.HF_HUB_OFFLINE for hub in hubs] == [True, False]


def test_the_licence_is_what_is_given_or_stands_in_the_task(apart: Path) -> None:
    spec = f"lmeval:{apart}/sums.yaml"
    assert getattr(load(spec, {}), "licence", "") == "NOASSERTION"
    assert getattr(load(spec, {"licence": "CC0-1.0"}), "licence", "") == "CC0-1.0"
    for said, licence in (("MIT", "MIT"), ("ask the authors", "NOASSERTION"), ("unknown", "NOASSERTION")):
        other = changed(apart, "sums", "task: sums", f"task: sums\nmetadata: {{license: {said}}}")
        assert getattr(load(f"lmeval:{other}", {}), "licence", "") == licence
    mistaken: list[JsonValue] = [5, "", ["MIT"]]
    for wrong in mistaken:
        with pytest.raises(ConfigError, match=r"licence is .*; give the SPDX name of a licence"):
            load(spec, {"licence": wrong})


def test_mistakes_are_named(apart: Path) -> None:
    with pytest.raises(ConfigError, match='no metric "exact_mach"; did you mean "exact_match"'):
        load(f"lmeval:{apart}/sums.yaml", {"metric": "exact_mach"})
    with pytest.raises(ConfigError, match='no filter "lst"; did you mean "last"'):
        load(f"lmeval:{apart}/sums.yaml", {"filter": "lst"})
    with pytest.raises(PluginError, match="there is no file"):
        load("lmeval:missing.yaml", {})
    with pytest.raises(PluginError, match="no file is named"):
        load("lmeval:", {})


def test_a_misspelt_metric_is_named_without_a_look_at_the_network(
    apart: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = changed(apart, "sums", "exact_match", "exact_mach")
    with pytest.raises(
        PluginError, match='no metric "exact_mach", and none is fetched; did you mean "exact_match"'
    ) as e:
        check(f"lmeval:{path}")
    assert "reached for" not in str(e.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("twice", r"twice.jsonl, row 6: has the prompt of row 3; leave one of them out"),
        ("gap", r'gap.jsonl, row 4: has no value for "a", which the task asks for; give it one'),
        ("few", r"other.yaml has too few tasks: .* and each split needs at least 1"),
        ("empty", r"the data file .*empty.jsonl is empty"),
        ("broken", r"cannot make its task: ArrowInvalid: JSON parse error: .* row 1 .*; mend .*other.yaml or its data"),
    ],
)
def test_data_of_which_no_tasks_can_be_made_is_refused(
    apart: Path, data: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = changed(apart, "sums", "sums.jsonl", f"{data}.jsonl")
    with pytest.raises(PluginError, match=message):
        load(f"lmeval:{path}", {})
    assert capfd.readouterr() == ("", "")


def test_a_template_may_ask_whether_a_field_is_there(apart: Path) -> None:
    path = changed(apart, "sums", "sums.jsonl", "gap.jsonl")
    told = path.read_text(encoding="utf-8").replace('"{{a}}"', "\"{{a if a else 'nobody knows'}}\"")
    path.write_text(told, encoding="utf-8")
    assert len(all_tasks(LmEval(str(path)))) == 145


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_type: generate_until", "output_type: loglikelihood", "asks for probabilities of given texts"),
        ("dataset_path: json", "dataset_path: someone/somewhere", "its data is not in local files"),
        ("sums.jsonl", "elsewhere.jsonl", "there is no data file .*elsewhere.jsonl"),
        ("sums.jsonl", "https://example.org/x.jsonl", "there is no data file .*never fetched"),
        ("doc_to_text: ", "doc_to_text: {} # ", "lm-eval cannot make its task"),
        ("task: sums", "task: [", "cannot be read as a task"),
        ("task: sums", "task: [sums, others]", "it is a group of tasks"),
        ("test_split: test", "test_split: tset", 'test_split is "tset", .*; did you mean "test"'),
        ("test_split: test", "fewshot_split: test", "does not say where its tasks are; add test_split: test"),
        ("doc_to_text", "doc_to_txt", 'key "doc_to_txt" that lm-eval does not know; did you mean "doc_to_text"'),
        ("doc_to_target: ", "# ", "it lacks the key doc_to_target"),
        ("{{q}}", "{{other}}", "cannot make its task: UndefinedError: 'other' is undefined"),
        ("function: regex", "function: regx", 'no filter "regx"; did you mean "regex"'),
        ("- metric: exact_match", "- exact_match: 1", "metric_list is no list of metrics"),
        ("aggregation: mean", "hf_evaluate: true", '"exact_match" would be fetched, as hf_evaluate says'),
        ("exact_match\n    aggregation: mean", "!function own.near", 'its own metric "near" lacks aggregation'),
        ("task: sums", "task: sums\nnum_fewshot: 2", "num_fewshot is 2, but Burnish chooses the examples itself"),
    ],
)
def test_what_cannot_be_answered_or_needs_the_network_is_refused(apart: Path, old: str, new: str, message: str) -> None:
    path = changed(apart, "sums", old, new)
    with pytest.raises(PluginError, match=message):
        load(f"lmeval:{path}", {})
