"""`lmeval:path/to/task.yaml`: tasks of the lm-evaluation-harness over local files, judged by their own metrics."""

from __future__ import annotations

import logging
import math
import random
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.licences import licence_of
from burnish.environments.adapters.lm_files import SCHEME, data_files, offline, read_task
from burnish.environments.adapters.task_files import check_splits
from burnish.environments.adapters.verdict import EXPECTED, RIGHT, unparsable, wrong
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError, PluginError
from burnish.spelling import did_you_mean
from burnish.types import Feedback, JsonValue, Split, Task, canonical_text

DOCUMENT = "document"

ONE_CHOICE = "answer with one of the choices below the question, copied exactly, and nothing else"
OTHER_CHOICE = "another of the choices is the right one"
NOT_EXPECTED = 'the metric "{}" does not give the answer full marks: mind the form that the task asks for'

BARE = re.compile(r"\{\{-?\s*(\w+)\s*-?\}\}")
"""A field that a template puts in as it is; one that asks whether it is there may be left out."""


class LmEval:
    """Tasks of the lm-evaluation-harness over local files, judged by their own metrics.

    `target` is a task's YAML file, whose data files are local. Output types `generate_until`, and `multiple_choice`
    with the choices shown and one of them to be copied, are posed. The reward is what `metric` (by default the first
    that counts an answer alone, from 0 to 1) says of the answer after `filter` (by default the first of the task's).
    `licence` is an SPDX expression, by default that of the task's `metadata`.
    """

    def __init__(
        self,
        target: str,
        *,
        metric: str = "",
        filter: str = "",  # noqa: A002 - the library's word
        licence: JsonValue = None,
    ) -> None:
        path = Path(target)
        self.name = f"{SCHEME}:{path.name}"
        library("lm_eval.api.task", scheme=SCHEME, extra=SCHEME)
        config = read_task(path, self.name)
        self.licence = licence_of(self.name, licence, config.get("metadata"))
        self.files = data_files(config)
        self._choosing = config["output_type"] == "multiple_choice"
        self._task = self._made(config, path)
        self._documents = [dict(document) for document in self._task.eval_docs]
        self._metric = _named(self.name, "metric", metric, self._metrics())
        self._filters = {one.name: one for one in self._task._filters}  # noqa: SLF001 - it has no other way to them
        self._filter = _named(self.name, "filter", filter, list(self._filters))
        own = config.get("description")
        self.instruction = own.strip() if isinstance(own, str) and own.strip() and "{{" not in own else self._asking()
        self.provenance = f"The task {config.get('task', path.stem)} of the lm-evaluation-harness, from {path.name}."
        # Rows are those of the file only where there is one, and no function of the task's picks or orders them.
        own = self.files if len(self.files) == 1 and config.get("process_docs") is None else [f'"{self.name}"']
        self._tasks = self._all_posed(own[0])
        check_splits(path, self._tasks)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """The tasks of a split, each once, in an order of the seed."""
        tasks = list(self._tasks)
        random.Random(f"{SCHEME} {split} {seed}").shuffle(tasks)
        yield from (task for task in tasks if task.split == split)

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

    def _made(self, config: dict[str, Any], path: Path) -> Any:
        logging.getLogger("lm_eval").setLevel(logging.ERROR)  # defaults it takes are no news to who wrote the task
        library("datasets", scheme=SCHEME, extra=SCHEME).disable_progress_bars()
        module = library("lm_eval.api.task", scheme=SCHEME, extra=SCHEME)
        with offline():
            made = guarded_call(lambda: module.ConfigurableTask(config=config))
        if isinstance(made, Raised):
            said = Raised(_first_cause(made.error))
            raise PluginError(
                f'"{self.name}": lm-eval cannot make its task: {said}; mend {path} or its data'
            ) from made.error
        if getattr(made, "MULTIMODAL", False) or made.multiple_input:
            raise PluginError(f'"{self.name}": its questions are not one text each; choose another task')
        return made

    def _all_posed(self, source: str) -> list[Task]:
        """A task a row, in the order of the rows."""
        tasks: list[Task] = []
        seen: dict[str, int] = {}
        for row, document in enumerate(self._documents, 1):
            where = f"{source}, row {row}:"
            if lacking := self._lacking(document):
                raise PluginError(f'{where} has no value for "{lacking}", which the task asks for; give it one')
            task = guarded_call(partial(self._posed, document))
            if isinstance(task, Raised):
                raise PluginError(f"{where} no task can be made of it: {task}; mend it") from task.error
            if not task.prompt.strip():
                raise PluginError(f"{where} has an empty prompt; leave it out")
            first = seen.setdefault(canonical_text(task.prompt), row)
            if first != row:
                raise PluginError(f"{where} has the prompt of row {first}; leave one of them out")
            tasks.append(task)
        return tasks

    def _lacking(self, document: Mapping[str, object]) -> str:
        """A field that question or target is made of and that a row has no value for, which would be told as "None"."""
        config = self._task.config
        for made_of in (config.doc_to_text, config.doc_to_target, config.doc_to_choice):
            template = made_of if isinstance(made_of, str) else ""
            fields = [template] if template in document else BARE.findall(template)
            if lacking := next((field for field in fields if field in document and document[field] is None), ""):
                return str(lacking)
        return ""

    def _metrics(self) -> list[str]:
        """Those that count one answer alone, from 0 to 1, found out with an empty answer to the first question."""
        first = self._documents[0]
        empty: list[Any] = [(-float(i), False) for i, _ in enumerate(self._choices(first))] or [""]
        results = guarded_call(lambda: self._results(first, empty))
        if isinstance(results, Raised):
            raise PluginError(
                f'"{self.name}": its metrics fail on an empty answer: {results}; mend them'
            ) from results.error
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


def _first_cause(error: BaseException) -> BaseException:
    """What was raised first: `datasets` wraps what it meets in a file into errors that do not say it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _named(name: str, kind: str, asked: str, known: list[str]) -> str:
    if asked and asked not in known:
        raise ConfigError(f'"{name}" has no {kind} "{asked}"; {did_you_mean(asked, known)}')
    if not known:
        raise PluginError(f'"{name}" has no {kind} that counts one answer alone, from 0 to 1, so there is no reward')
    return asked or known[0]


def _is_share(value: object) -> bool:
    real = isinstance(value, (int, float)) or type(value).__module__ == "numpy"
    return real and not isinstance(value, (list, tuple)) and math.isfinite(float(value)) and 0 <= float(value) <= 1  # type: ignore[arg-type]
