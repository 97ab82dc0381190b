"""`lmeval:path/to/task.yaml`: tasks of the lm-evaluation-harness over local files, judged by their own metrics."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.verdict import EXPECTED, RIGHT, unparsable, wrong
from burnish.environments.foreign import Raised, attempt
from burnish.errors import ConfigError, PluginError
from burnish.spelling import did_you_mean
from burnish.types import Feedback, JsonValue, Split, Task

SCHEME = "lmeval"

FILE_FORMATS = ("json", "csv", "parquet", "text")
"""Values of `dataset_path` that read local files; any other is a name on a hub, or code."""

DOCUMENT = "document"

ONE_CHOICE = "answer with one of the choices below the question, copied exactly, and nothing else"
OTHER_CHOICE = "another of the choices is the right one"
NOT_EXPECTED = 'the metric "{}" does not give the answer full marks: mind the form that the task asks for'


class LmEval:
    """Tasks of the lm-evaluation-harness over local files, judged by their own metrics.

    `target` is a task's YAML file, whose data files are local. Output types `generate_until`, and `multiple_choice`
    with the choices shown and one of them to be copied, are posed. The reward is what `metric` (by default the first
    that counts an answer alone, from 0 to 1) says of the answer after `filter` (by default the first of the task's).
    """

    def __init__(self, target: str, *, metric: str = "", filter: str = "") -> None:  # noqa: A002 - the library's word
        path = Path(target)
        self.name = f"{SCHEME}:{path.name}"
        library("lm_eval.api.task", scheme=SCHEME, extra=SCHEME)
        config = self._read(path)
        self._choosing = config["output_type"] == "multiple_choice"
        self._task = self._made(config)
        self._documents = [dict(document) for document in self._task.eval_docs]
        self._metric = _named(self.name, "metric", metric, self._metrics())
        self._filters = {one.name: one for one in self._task._filters}  # noqa: SLF001 - it has no other way to them
        self._filter = _named(self.name, "filter", filter, list(self._filters))
        own = config.get("description")
        self.instruction = own.strip() if isinstance(own, str) and own.strip() and "{{" not in own else self._asking()
        self.licence = "unknown"
        self.provenance = f"The task {config.get('task', path.stem)} of the lm-evaluation-harness, from {path.name}."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """The tasks of a split in an order of the seed."""
        documents = list(self._documents)
        random.Random(f"{SCHEME} {split} {seed}").shuffle(documents)
        for document in documents:
            task = self._posed(document)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """What the task's metric says of the answer after the task's filter."""
        document = task.data[DOCUMENT]
        given = answer.encode("utf-8", "replace").decode()
        if self._choosing:
            choices = task.data["choices"]
            assert isinstance(choices, list)
            if given.strip() not in choices:
                return unparsable(ONE_CHOICE)
            value = self._value(document, [(0.0 if c == given.strip() else -1e6, False) for c in choices])
            return RIGHT if value == 1.0 else wrong(OTHER_CHOICE, value)
        value = self._value(document, [self._filtered(document, given)])
        return RIGHT if value == 1.0 else wrong(NOT_EXPECTED.format(self._metric), value)

    def solve(self, task: Task) -> str | None:
        """The target, where the metric gives it full marks."""
        expected = task.data[EXPECTED]
        texts = [str(one) for one in expected] if isinstance(expected, list) else [str(expected)]
        return next((text for text in texts if self.score(task, text).verified), None)

    def _read(self, path: Path) -> dict[str, Any]:
        """The task's configuration; data files are looked for beside it."""
        if not path.is_file():
            raise PluginError(f"there is no file {path} (looked in {path.absolute().parent})")
        loader = library("lm_eval.tasks._yaml_loader", scheme=SCHEME, extra=SCHEME)
        config = attempt(lambda: loader.load_yaml(path))
        if isinstance(config, Raised):
            raise PluginError(f"{path} cannot be read as a task: {config}") from config.error
        config.setdefault("output_type", "generate_until")
        if config["output_type"] not in {"generate_until", "multiple_choice"}:
            raise PluginError(
                f'"{self.name}": output_type is {config["output_type"]}, which asks for probabilities of given texts; '
                "only generate_until and multiple_choice can be answered"
            )
        files = (config.get("dataset_kwargs") or {}).get("data_files")
        if "custom_dataset" not in config and (config.get("dataset_path") not in FILE_FORMATS or not files):
            raise PluginError(
                f'"{self.name}": its data is not in local files; give one of {", ".join(FILE_FORMATS)} as dataset_path '
                "and the files as data_files in dataset_kwargs"
            )
        if files:
            config["dataset_kwargs"] = {**config["dataset_kwargs"], "data_files": _local(files, path.parent)}
        return dict(config)

    def _made(self, config: dict[str, Any]) -> Any:
        logging.getLogger("lm_eval").setLevel(logging.ERROR)  # defaults it takes are no news to who wrote the task
        library("datasets", scheme=SCHEME, extra=SCHEME).disable_progress_bars()
        module = library("lm_eval.api.task", scheme=SCHEME, extra=SCHEME)
        made = attempt(lambda: module.ConfigurableTask(config=config))
        if isinstance(made, Raised):
            raise PluginError(f'"{self.name}": lm-eval cannot make its task: {made}') from made.error
        if getattr(made, "MULTIMODAL", False) or made.multiple_input:
            raise PluginError(f'"{self.name}": its questions are not one text each; choose another task')
        return made

    def _metrics(self) -> list[str]:
        """Those that count one answer alone, from 0 to 1, found out with an empty answer to the first question."""
        first = self._documents[0]
        results = self._results(first, [(-float(i), False) for i, _ in enumerate(self._choices(first))] or [""])
        better = self._task.higher_is_better()
        return [name for name, value in results.items() if _is_share(value) and better.get(name, True)]

    def _results(self, document: Any, results: list[Any]) -> Mapping[str, object]:
        found: Mapping[str, object] = self._task.process_results(document, results)
        return found

    def _value(self, document: Any, results: list[Any]) -> float:
        value = self._results(document, results)[self._metric]
        if not _is_share(value):
            raise PluginError(f'"{self.name}": the metric "{self._metric}" gave {value!r}, no number from 0 to 1')
        return float(value)  # type: ignore[arg-type]

    def _filtered(self, document: Any, answer: str) -> Any:
        instance = library("lm_eval.api.instance", scheme=SCHEME, extra=SCHEME)
        request = instance.Instance(request_type="generate_until", doc=document, arguments=(), idx=0, resps=[answer])
        self._filters[self._filter].apply([request])
        return request.filtered_resps[self._filter]

    def _posed(self, document: dict[str, Any]) -> Task:
        choices = self._choices(document)
        text = str(self._task.doc_to_text(document))
        target = self._task.doc_to_target(document)
        if self._choosing and isinstance(target, int):
            target = choices[target]
        prompt = "\n".join([text.rstrip(), *(f"- {choice}" for choice in choices)])
        data: dict[str, JsonValue] = {DOCUMENT: document, EXPECTED: target, "choices": list(choices)}
        return Task(self.name, prompt, data=data, cell=str(self._task.config.task or ""))

    def _choices(self, document: Any) -> list[str]:
        return [str(choice).strip() for choice in self._task.doc_to_choice(document)] if self._choosing else []

    def _asking(self) -> str:
        asked = "Answer with one of the choices, copied exactly, and nothing else."
        return asked if self._choosing else "Answer the question, and give nothing but the answer."


def _local(files: Any, folder: Path) -> Any:
    """Names of data files as absolute paths.

    Raises:
        PluginError: one of them is not there.

    """
    if isinstance(files, Mapping):
        return {split: _local(names, folder) for split, names in files.items()}
    if isinstance(files, list):
        return [_local(name, folder) for name in files]
    path = folder / str(files)
    if not path.is_file():
        raise PluginError(f"there is no data file {path}; data files are looked for beside the task, and never fetched")
    return str(path.resolve())


def _named(name: str, kind: str, asked: str, known: list[str]) -> str:
    if asked and asked not in known:
        raise ConfigError(f'"{name}" has no {kind} "{asked}"; {did_you_mean(asked, known)}')
    if not known:
        raise PluginError(f'"{name}" has no {kind} that counts one answer alone, from 0 to 1, so there is no reward')
    return asked or known[0]


def _is_share(value: object) -> bool:
    real = isinstance(value, (int, float)) or type(value).__module__ == "numpy"
    return real and not isinstance(value, (list, tuple)) and math.isfinite(float(value)) and 0 <= float(value) <= 1  # type: ignore[arg-type]
