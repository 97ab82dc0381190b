"""Rows as the records that trainers read: the conventions of TRL, ShareGPT and ChatML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, product
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args

from burnish.agent.exports.rows import WHOLE, Row
from burnish.agent.models.rendering import defuse
from burnish.types import Feedback, JsonValue, canonical_text, content_hash

MOST_PAIRS = 4
"""Preference pairs of one task; more of them would repeat each other."""

SHAREGPT_NAMES = MappingProxyType({"system": "system", "user": "human", "assistant": "gpt"})


@dataclass(frozen=True)
class Item:
    """A record to be written and the rows it was made of; the first stands for it in splits and balance."""

    record: Mapping[str, JsonValue]
    rows: tuple[Row, ...]


System: TypeAlias = Callable[[Row], str]
"""The system message of a row, empty for none."""

Formatter = Callable[[Sequence[Row], System], Iterator[Item]]
"""Makes the items of rows."""


def _message(role: str, content: str) -> dict[str, JsonValue]:
    return {"role": role, "content": defuse(content)}


def _head(row: Row, system: System) -> list[JsonValue]:
    text = system(row)
    return [_message("system", text)] if text else []


def _asked(row: Row, system: System) -> list[JsonValue]:
    return [*_head(row, system), _message("user", row.asked)]


def _answered(row: Row) -> list[JsonValue]:
    return [_message("assistant", row.answer)]


def _conversation(row: Row, system: System) -> list[JsonValue]:
    """All of it, an episode turn by turn."""
    if not row.turns:
        return [*_asked(row, system), *_answered(row)]
    played = [m for t in row.turns for m in (_message("user", t.observation), _message("assistant", t.action))]
    return [*_head(row, system), *played]


def _sft(rows: Sequence[Row], system: System) -> Iterator[Item]:
    for row in rows:
        if row.verified:
            yield Item({"messages": _conversation(row, system)}, (row,))


def _sharegpt(rows: Sequence[Row], system: System) -> Iterator[Item]:
    for item in _sft(rows, system):
        messages = cast("list[dict[str, str]]", item.record["messages"])
        told: list[JsonValue] = [{"from": SHAREGPT_NAMES[m["role"]], "value": m["content"]} for m in messages]
        yield replace(item, record={"conversations": told})


def _chatml(rows: Sequence[Row], system: System) -> Iterator[Item]:
    for item in _sft(rows, system):
        messages = cast("list[dict[str, str]]", item.record["messages"])
        text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
        yield replace(item, record={"text": text})


def _dpo(rows: Sequence[Row], system: System) -> Iterator[Item]:
    """Of each situation a verified answer beside one that was worth less, every answer as seldom as can be."""
    for same in _by_situation(rows).values():
        chosen = [row for row in same if row.verified]
        rejected = [row for row in same if not row.verified]
        pairs = sorted(product(range(len(chosen)), range(len(rejected))), key=lambda pair: (max(pair), pair))
        fair = ((chosen[a], rejected[b]) for a, b in pairs if _is_preferred(chosen[a], rejected[b]))
        by_principle = ((good, bad) for good in chosen for bad in same if bad.id in good.worse)
        distinct = {(good.id, bad.id): (good, bad) for good, bad in chain(by_principle, fair)}
        for good, bad in islice(distinct.values(), MOST_PAIRS):
            record: dict[str, JsonValue] = {
                "prompt": _asked(good, system),
                "chosen": _answered(good),
                "rejected": _answered(bad),
            }
            yield Item(record, (good, bad))


def _kto(rows: Sequence[Row], system: System) -> Iterator[Item]:
    for row in _situations(rows):
        record: dict[str, JsonValue] = {
            "prompt": _asked(row, system),
            "completion": _answered(row),
            "label": row.verified,
        }
        yield Item(record, (row,))


def _steps(rows: Sequence[Row], system: System) -> Iterator[Item]:
    """Steps with their labels, as far as the environment labelled them; a label of 0 counts as right."""
    for row in _situations(rows):
        labels = row.feedback.steps
        texts = [line for line in row.answer.splitlines() if line.strip()][: len(labels)]
        if labels and len(texts) == len(labels):
            record: dict[str, JsonValue] = {
                "prompt": defuse("\n\n".join(filter(None, (system(row), row.asked)))),
                "completions": [defuse(text) for text in texts],
                "labels": [label >= 0 for label in labels],
                "step_labels": list(labels),
            }
            yield Item(record, (row,))


def _prompts(rows: Sequence[Row], system: System) -> Iterator[Item]:
    for same in _by_task(rows).values():
        posed = replace(same[0], models=(), origin="posed", feedback=Feedback(0.0, verified=False), rating=None)
        yield Item({"prompt": [*_head(posed, system), _message("user", posed.task.prompt)]}, (posed,))


Format: TypeAlias = Literal["sft", "sharegpt", "chatml", "dpo", "kto", "steps", "prompts"]

FORMATS: Mapping[Format, Formatter] = MappingProxyType(
    {
        "sft": _sft,
        "sharegpt": _sharegpt,
        "chatml": _chatml,
        "dpo": _dpo,
        "kto": _kto,
        "steps": _steps,
        "prompts": _prompts,
    }
)
"""What can be written: `sft` messages, `sharegpt` conversations, `chatml` text; `dpo` pairs; `kto` answers with a
label; `steps` with a label each; `prompts` alone."""

LEFT_OUT: Mapping[Format, str] = MappingProxyType(
    {
        **dict.fromkeys(get_args(Format), "not verified"),
        "dpo": "in no pair of a right answer and a worse one",
        "steps": "its steps have no labels",
        "prompts": "another answer to the same task",
    }
)
"""Why a row makes no record of a format."""

NEED_WRONG_ANSWERS = frozenset({"dpo", "kto", "steps"})
"""Formats that also take answers which were found wrong."""


def _situations(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows as they are, episodes turn by turn: each a row whose answer is the action taken."""
    for row in rows:
        if not row.turns:
            yield row
        became = dict(row.exemplars)
        for number, turn in enumerate(row.turns):
            feedback = Feedback(float(turn.label > 0), verified=turn.label > 0, steps=(turn.label,))
            yield replace(
                row,
                situation=turn.observation,
                answer=turn.action,
                feedback=feedback,
                turns=(),
                episode=row.id,
                exemplars=((WHOLE, became[number]),) if number in became else (),
            )


def _by_situation(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in _situations(rows):
        answers = found.setdefault(content_hash(row.task.environment, canonical_text(row.asked)), {})
        answers.setdefault(canonical_text(row.answer), row)
    return {key: list(answers.values()) for key, answers in found.items()}


def _by_task(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.task.id, []).append(row)
    return found


def _is_preferred(good: Row, bad: Row) -> bool:
    return good.feedback.reward > bad.feedback.reward and bool(bad.answer.strip())
