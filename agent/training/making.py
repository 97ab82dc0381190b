"""Making an adapter in a folder: what a run verified is exported, trained on, and converted; each part once."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.agent.exports.export import export
from burnish.agent.exports.options import ExportOptions
from burnish.agent.exports.writing import digest
from burnish.agent.models.embedded import brief_spins, model_file
from burnish.agent.models.lora_adapters import ADAPTER_FILE, adapter_id
from burnish.agent.record.run import Notify, Run
from burnish.agent.training.base import CONFIG_FILE, check_folder, unpacked
from burnish.agent.training.conversion import check_convertible, write_gguf
from burnish.agent.training.data import read_examples
from burnish.agent.training.libraries import check_libraries, quietly
from burnish.agent.training.lora import Learnt, train_lora
from burnish.config import TrainConfig
from burnish.errors import ConfigError, StorageError
from burnish.protocols import Environment
from burnish.types import Record, content_hash

SETTINGS_FILE = "training.json"
RESULT_FILE = "trained.json"
MERGED = "merged"
PEFT_FILE = "adapter_model.safetensors"

NOT_OF_THE_WEIGHTS = frozenset({"every"})


@dataclass(frozen=True)
class Made(Record):
    """What was trained: the name of the adapter, from which data (SHA-256), how, and in how many seconds of the last
    sitting.
    """

    adapter: str
    method: str
    data: str
    learnt: Learnt
    seconds: float


@dataclass(frozen=True)
class Making:
    """How an adapter is made of a run in the folder `out`.

    `model` is a folder of weights to begin from, None for the embedded model, which is unpacked at `unpack`. `keep_on`
    is asked between the parts and after each step, and raises a BurnishError to stop there; what is done is kept.
    """

    run: Run
    environment: Environment
    out: Path
    settings: TrainConfig
    unpack: Path
    model: Path | None = None
    keep_on: Callable[[], None] = lambda: None
    notify: Notify = lambda _kind, _facts: None

    def make(self) -> Made:
        """The adapter: what of it is there already is not made again.

        Raises:
            ConfigError: a library is missing, the folder was begun with other settings, or there is too little to
                train on.
            StorageError: the folder cannot be written, or was changed.

        """
        check_libraries()
        begun = time.monotonic()
        with brief_spins():
            import torch  # noqa: F401  (brings OpenMP, which reads once how long its threads spin)
        self._begin()
        result = self.out / RESULT_FILE
        if result.is_file():
            return Made.from_json(json.loads(result.read_text(encoding="utf-8")))
        data = self._data()
        examples = read_examples(data, self.settings.method)
        self.keep_on()
        with quietly():
            base = self._base()
            self.keep_on()
            learnt = train_lora(base, examples, self.out, self.settings, seed=self.run.config.seed, step=self._stepped)
            name = self._finished(base)
        made = Made(name, self.settings.method, digest(data), learnt, time.monotonic() - begun)
        _write(result, made.to_json())
        shutil.rmtree(self.out / "checkpoints", ignore_errors=True)
        return made

    def _begin(self) -> None:
        """Keep the settings, or see that they are those the folder was begun with."""
        file = self.out / SETTINGS_FILE
        now = {
            "settings": self.settings.model_dump(mode="json", exclude=set(NOT_OF_THE_WEIGHTS)),
            "seed": self.run.config.seed,
            "run": str(self.run.place.path.resolve()),
            "model": _fingerprint(self.model, self.run),
        }
        if not file.is_file():
            if self.out.is_dir() and any(path.name != "lock" for path in self.out.iterdir()):
                raise StorageError(f"{self.out} is not empty and holds no training; give a new or an empty --out")
            self.out.mkdir(parents=True, exist_ok=True)
            _write(file, {"version": __version__, **now})
            return
        before = json.loads(file.read_text(encoding="utf-8"))
        if other := [name for name in _flat(now) if _flat(now)[name] != _flat(before).get(name)]:
            raise ConfigError(
                f"{self.out} was begun with another {' and '.join(other)}; give what it was begun with to go on, or "
                "another --out to begin anew"
            )

    def _data(self) -> Path:
        """The exported records, exported now or as they were when this began."""
        folder, settings = self.out / "data", self.settings
        if not folder.is_dir():
            options = ExportOptions(
                format=settings.method,
                terms=Path(settings.terms) if settings.terms else None,
                competing=settings.competing,
                per_task=settings.per_task,
                validation=0.0,
                system="champion",
            )
            export(self.run, folder, options, environment=self.environment)
        file = folder / "train.jsonl"
        if json.loads((folder / "card.json").read_text(encoding="utf-8"))["files"].get(file.name) != digest(file):
            raise StorageError(f"{file} is not what was exported; remove {self.out} and train anew")
        return file

    def _base(self) -> Path:
        if self.model is not None:
            return check_folder(self.model)
        base = unpacked(model_file(self.run.config.models.task.file or None), self.unpack)
        check_convertible(base)
        return base

    def _finished(self, base: Path) -> str:
        """Make what PEFT wrote usable: as a file for the embedded model, else merged into the weights."""
        if self.model is None:
            file = self.out / ADAPTER_FILE
            write_gguf(self.out / "adapter", base, file)
            return adapter_id(file)
        merge(base, self.out / "adapter", self.out / MERGED)
        return adapter_id(self.out / "adapter" / PEFT_FILE)

    def _stepped(self, step: int, steps: int, loss: float) -> None:
        self.notify("training", {"step": step, "steps": steps, "loss": loss})
        self.keep_on()


def merge(base: Path, adapter: Path, folder: Path) -> None:
    """Write the model of `base` with an adapter added to its weights."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shutil.rmtree(folder, ignore_errors=True)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter))
    model.merge_and_unload().save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def _fingerprint(model: Path | None, run: Run) -> str:
    """Of the weights that training begins from: their hash, or for a folder that of its configuration and sizes."""
    if model is None:
        return digest(model_file(run.config.models.task.file or None))
    check_folder(model)
    files = sorted(path for path in model.iterdir() if path.is_file())
    return content_hash(digest(model / CONFIG_FILE), *(f"{path.name} {path.stat().st_size}" for path in files))


def _flat(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said["settings"], **{name: said.get(name) for name in ("seed", "run", "model")}}


def _write(file: Path, value: object) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(file)
