"""Exported records as the examples that trainers take, and what is wrong with them before an hour is spent on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from burnish.config import Method
from burnish.errors import ConfigError

Turns: TypeAlias = list[dict[str, str]]
Example: TypeAlias = dict[str, Turns]
"""`prompt` and `completion`, or `prompt`, `chosen` and `rejected`; each a list of messages."""

LEAST = 2
"""Examples below which nothing can be learnt but the one answer."""


@dataclass(frozen=True)
class Examples:
    """What is trained on. `truncated` of them are longer than the model may see and lose their end; `dropped` were
    left out, their prompt alone being so long.
    """

    kept: Sequence[Example]
    truncated: int
    dropped: int


def read_examples(file: Path, method: Method) -> list[Example]:
    """The examples of an exported file; an episode makes one of each of its turns.

    Raises:
        ConfigError: they are fewer than two, or all have the same answer.

    """
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    examples = [example for record in records for example in (_sft(record) if method == "sft" else _dpo(record))]
    if len(examples) < LEAST:
        raise ConfigError(
            f"there is {len(examples)} example to train on, and {LEAST} are the least; let the run go on until more is "
            "verified"
        )
    answers = {json.dumps(example["completion"]) for example in examples if "completion" in example}
    if len(answers) == 1:
        raise ConfigError(
            f"all {len(examples)} examples have the same answer, and an adapter trained on them would give no other; "
            "let the run go on until others are verified"
        )
    return examples


def _sft(record: Mapping[str, Any]) -> Iterator[Example]:
    messages: Turns = record["messages"]
    for place, message in enumerate(messages):
        if message["role"] == "assistant":
            yield {"prompt": messages[:place], "completion": [message]}


def _dpo(record: Mapping[str, Any]) -> Iterator[Example]:
    yield {name: record[name] for name in ("prompt", "chosen", "rejected")}


def fitted(examples: Sequence[Example], tokenizer: Any, max_length: int) -> Examples:
    """Those that leave room for an answer within `max_length` tokens.

    Raises:
        ConfigError: fewer than two do.

    """
    kept, truncated = [], 0
    for example in examples:
        prompt = example["prompt"]
        answers = [turns for name, turns in example.items() if name != "prompt"]
        if _tokens(tokenizer, prompt, opened=True) < max_length:
            kept.append(example)
            truncated += any(_tokens(tokenizer, prompt + answer) > max_length for answer in answers)
    if len(kept) < LEAST:
        raise ConfigError(
            f"of {len(examples)} examples {len(examples) - len(kept)} have a prompt of {max_length} tokens or more, "
            "which leaves none for the answer; give a larger --max-length (train.max_length)"
        )
    return Examples(kept, truncated, len(examples) - len(kept))


def _tokens(tokenizer: Any, messages: Turns, *, opened: bool = False) -> int:
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=opened)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])
