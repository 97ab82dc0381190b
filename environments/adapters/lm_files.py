"""Task files of the lm-evaluation-harness, read and looked through before the library makes a task of them."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.paths import regular_file
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import PluginError
from burnish.spelling import did_you_mean, nearest

SCHEME = "lmeval"

FILE_FORMATS = ("json", "csv", "parquet", "text")
"""Values of `dataset_path` that read local files; any other is a name on a hub, or code."""

ANSWERED = ("generate_until", "multiple_choice")
"""Output types whose tasks can be answered with a text."""

STRUCTURAL = ("group", "task_list")
"""Keys that lm-eval itself leaves out of a task."""

SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")


def read_task(path: Path, spec: str) -> dict[str, Any]:
    """The configuration of a task, with its data files, which are looked for beside it, as absolute paths.

    Raises:
        PluginError: the file cannot be read, or names what is not there, must be fetched or cannot be answered.

    """
    if path == Path():
        raise PluginError("no file is named; write its path behind the colon")
    loader = library("lm_eval.tasks._yaml_loader", scheme=SCHEME, extra=SCHEME)
    read = guarded_call(lambda: loader.load_yaml(regular_file(path)))
    if isinstance(read, Raised):
        if isinstance(read.error, PluginError):
            raise read.error
        raise PluginError(f"{path} cannot be read as a task: {read}; mend the file") from read.error
    config = {key: value for key, value in read.items() if key not in STRUCTURAL}
    config.setdefault("output_type", ANSWERED[0])
    for flaw_of in (_keys, _kind, _examples, _source, _splits, _metrics, _filters):
        flaw = flaw_of(config)
        if flaw:
            raise PluginError(f'"{spec}": {flaw}')
    files = _files(config)
    if files:
        config["dataset_kwargs"] = {**config["dataset_kwargs"], "data_files": _local(files, path.parent)}
    return config


def data_files(config: Mapping[str, Any]) -> list[str]:
    """Paths of the files in which the tasks stand; empty where a function of the task makes the data."""
    files = _files(config)
    if isinstance(files, Mapping):
        files = files[config.get("test_split") or config.get("validation_split")]
    return [str(name) for name in (files if isinstance(files, list) else [files] if files else [])]


@contextmanager
def offline() -> Iterator[None]:
    """Keep `datasets` from fetching, counting a load at its hub or logging; afterwards it is as it was.

    Both libraries read the environment's variables while they are imported and these attributes whenever they load.
    """
    names = ("datasets.config", "huggingface_hub.constants")
    hubs: list[Any] = [library(name, scheme=SCHEME, extra=SCHEME) for name in names]
    before = [(hub, hub.HF_HUB_OFFLINE) for hub in hubs]
    logger = logging.getLogger("datasets")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what it logs of a broken file it also raises
    try:
        for hub in hubs:
            hub.HF_HUB_OFFLINE = True
        yield
    finally:
        logger.setLevel(level)
        for hub, was in before:
            hub.HF_HUB_OFFLINE = was


def _keys(config: Mapping[str, Any]) -> str:
    fields = dataclasses.fields(library("lm_eval.api.task", scheme=SCHEME, extra=SCHEME).TaskConfig)
    known = [field.name for field in fields]
    unknown = next((str(key) for key in config if key not in known), "")
    if unknown:
        hint = nearest(unknown, known)
        return f'it has a key "{unknown}" that lm-eval does not know; {hint}'
    asked = ["doc_to_text", "doc_to_target", *(["doc_to_choice"] if config["output_type"] == ANSWERED[1] else [])]
    missing = [key for key in asked if config.get(key) is None and not config.get("use_prompt")]
    return f"it lacks the key {missing[0]}; add it" if missing else ""


def _kind(config: Mapping[str, Any]) -> str:
    if isinstance(config.get("task"), list):
        return "it is a group of tasks; name the file of one of them"
    if config["output_type"] not in ANSWERED:
        return (
            f"output_type is {config['output_type']}, which asks for probabilities of given texts; "
            f"only {' and '.join(ANSWERED)} can be answered"
        )
    return ""


def _examples(config: Mapping[str, Any]) -> str:
    # Left out in silence, answers would be scored as of more examples than were shown.
    shots = config.get("num_fewshot")
    return f"num_fewshot is {shots}, but Burnish chooses the examples itself; set it to 0" if shots else ""


def _source(config: Mapping[str, Any]) -> str:
    local = config.get("dataset_path") in FILE_FORMATS and _files(config)
    if local or "custom_dataset" in config:
        return ""
    return (
        f"its data is not in local files; give one of {', '.join(FILE_FORMATS)} as dataset_path "
        "and the files as data_files in dataset_kwargs"
    )


def _splits(config: Mapping[str, Any]) -> str:
    files = _files(config)
    known = [str(split) for split in files] if isinstance(files, Mapping) else ["train"]  # as `datasets` calls it
    if not config.get("test_split") and not config.get("validation_split"):
        return f"it does not say where its tasks are; add test_split: {known[0]}"
    for key in SPLITS:
        split = config.get(key)
        if files and split is not None and split not in known:
            return f'{key} is "{split}", which is no split of data_files; {did_you_mean(str(split), known)}'
    return ""


def _metrics(config: Mapping[str, Any]) -> str:
    metrics = config.get("metric_list")
    if metrics is None:
        return ""
    if not isinstance(metrics, list) or not all(isinstance(one, Mapping) and "metric" in one for one in metrics):
        return 'metric_list is no list of metrics; write it as lines like "- metric: exact_match"'
    library("lm_eval.api.metrics", scheme=SCHEME, extra=SCHEME)  # which registers them
    known = library("lm_eval.api.registry", scheme=SCHEME, extra=SCHEME).metric_registry
    for one in metrics:
        metric = one["metric"]
        name = str(getattr(metric, "__name__", metric))
        if callable(metric) or config.get("process_results") is not None:
            missing = [key for key in ("aggregation", "higher_is_better") if key not in one]
            if name not in known and missing:
                return f'its own metric "{name}" lacks {" and ".join(missing)}; add what is missing'
        elif name not in known:
            return f'lm-eval has no metric "{name}", and none is fetched; {did_you_mean(name, known)}'
        elif one.get("hf_evaluate"):
            return f'the metric "{name}" would be fetched, as hf_evaluate says; remove that key'
    return ""


def _filters(config: Mapping[str, Any]) -> str:
    known = library("lm_eval.api.registry", scheme=SCHEME, extra=SCHEME).filter_registry
    filters = config.get("filter_list")
    for one in filters if isinstance(filters, list) else []:
        steps = one.get("filter") if isinstance(one, Mapping) else None
        if not isinstance(steps, list) or "name" not in one:
            return "filter_list has an entry without name or filter; add what is missing"
        for step in steps:
            name = step.get("function") if isinstance(step, Mapping) else step
            if not callable(name) and name not in known:
                return f'lm-eval has no filter "{name}"; {did_you_mean(str(name), known)}'
    return ""


def _files(config: Mapping[str, Any]) -> Any:
    kwargs = config.get("dataset_kwargs")
    return kwargs.get("data_files") if isinstance(kwargs, Mapping) and "custom_dataset" not in config else None


def _local(files: Any, folder: Path) -> Any:
    """Names of data files as absolute paths.

    Raises:
        PluginError: one of them is not there, or empty.

    """
    if isinstance(files, Mapping):
        return {split: _local(names, folder) for split, names in files.items()}
    if isinstance(files, list):
        return [_local(name, folder) for name in files]
    path = folder / str(files)
    if not path.is_file():
        raise PluginError(f"there is no data file {path}; data files are looked for beside the task, and never fetched")
    with path.open("rb") as lines:
        if not any(line.strip() for line in lines):
            raise PluginError(f"the data file {path} is empty; write a row a task")
    return str(path.resolve())
