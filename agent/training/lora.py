"""LoRA by TRL and PEFT: from examples to an adapter, in steps that a killed process goes on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish.agent.models.embedded import free_cores
from burnish.agent.training.data import Example, fitted
from burnish.config import TrainConfig
from burnish.errors import BurnishError, ConfigError
from burnish.types import Record

ALPHA_A_RANK = 2
"""LoRA's alpha by rank; alpha / rank is what the update is scaled by."""

CHECKPOINT_STEPS = 10
LOSSES = "losses.jsonl"
STATE = "trainer_state.json"
"""What the trainer writes last of a checkpoint: without it, one is not whole."""

Step = Callable[[int, int, float], None]
"""Is told of each step done: its number, how many there are, its loss. Raises a BurnishError to stop there."""


@dataclass(frozen=True)
class Learnt(Record):
    """What training came to. `examples` were trained on, `truncated` of them without their end; `dropped` were not."""

    examples: int
    truncated: int
    dropped: int
    steps: int
    first_loss: float
    last_loss: float


def train_lora(
    base: Path, examples: list[Example], out: Path, settings: TrainConfig, *, seed: int, step: Step
) -> Learnt:
    """Train and write `out`/adapter as PEFT does; checkpoints and the loss of each step are kept in `out` as it goes.

    The same arguments give the same weights, also when it was killed in between and called again.

    Raises:
        ConfigError: the examples or the model cannot be trained on.
        BurnishError: what `step` raised; a checkpoint was written.

    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

    torch.set_num_threads(free_cores())
    tokenizer = AutoTokenizer.from_pretrained(base)
    if not tokenizer.chat_template:
        raise ConfigError(f"the model in {base} has no chat template; give one that was made for conversations")
    found = fitted(examples, tokenizer, settings.max_length)
    set_seed(seed)  # the trainer does so only after it has drawn the adapter's first weights
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    trainer = _trainer(model, tokenizer, list(found.kept), out, settings, seed)
    watch = _watch(out, step)
    trainer.add_callback(watch)
    trainer.train(resume_from_checkpoint=_newest_checkpoint(out))
    if watch.stopped is not None:
        raise watch.stopped
    trainer.save_model(str(out / "adapter"))
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    return Learnt(
        len(found.kept), found.truncated, found.dropped, trainer.state.global_step, float(losses[0]), float(losses[-1])
    )


def _trainer(model: Any, tokenizer: Any, examples: list[Example], out: Path, settings: TrainConfig, seed: int) -> Any:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    made, configured = (SFTTrainer, SFTConfig) if settings.method == "sft" else (DPOTrainer, DPOConfig)
    arguments = configured(
        output_dir=str(out / "checkpoints"),
        max_steps=settings.steps or -1,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.rate,
        max_length=settings.max_length,
        logging_steps=1,
        save_steps=CHECKPOINT_STEPS,
        save_total_limit=2,
        seed=seed,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=None,  # older name of the next, of which only one may be given
        activation_checkpointing=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to=[],
    )
    adapter = LoraConfig(
        r=settings.rank,
        lora_alpha=ALPHA_A_RANK * settings.rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    trainer = made(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(examples),
        processing_class=tokenizer,
        peft_config=adapter,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _watch(out: Path, step: Step) -> Any:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Writes losses down and asks after each step whether to go on."""

        stopped: BurnishError | None = None

        def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 (theirs)
            if "loss" not in state.log_history[-1]:  # the summary at the end
                return
            losses = [{"step": line["step"], "loss": line["loss"]} for line in state.log_history if "loss" in line]
            _write_lines(out / LOSSES, losses)
            try:
                step(state.global_step, state.max_steps, float(losses[-1]["loss"]))
            except BurnishError as error:
                self.stopped = error
                control.should_save = control.should_training_stop = True

    return Watch()


def _write_lines(file: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    part = file.with_suffix(".part")
    part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    part.replace(file)


def _newest_checkpoint(out: Path) -> str | None:
    """The newest that is whole; what a kill left of another is removed."""
    found = sorted((out / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    whole = [path for path in found if _is_json(path / STATE)]
    for path in found:
        if path not in whole:
            shutil.rmtree(path)
    return str(whole[-1]) if whole else None


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return True
