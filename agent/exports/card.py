"""The data-set card: what the data is, who made it and on what terms, what was taken out, how to make it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from burnish.agent.exports.columns import columns_of, features
from burnish.agent.exports.filters import Count
from burnish.agent.exports.formats import Format
from burnish.agent.exports.provenance import PEOPLE
from burnish.policies.purposes import Purpose
from burnish.printing import harmless, in_markdown, on_one_line
from burnish.terms import Terms, Training
from burnish.types import JsonValue, Record

PURPOSES: Mapping[Purpose, str] = MappingProxyType(
    {
        "train": "training models",
        "evaluate": "evaluating models or data of one's own; it is not to be trained on or shared",
        "share": "sharing with others",
    }
)

TRAINING: Mapping[Training, str] = MappingProxyType(
    {
        "yes": "may train other models",
        "not-competing": "may train other models, but none that competes with a generator's maker",
        "unknown": "is not known to be allowed to train other models",
        "no": "may not train other models",
    }
)

_AS_IT_IS = re.compile(r"https?://[^\s|<>`\\\[\]()*]+|`[0-9a-f]+`|[\w.-]*", re.ASCII)

MOST_CELLS = 20
"""Cells that the page lists; card.json has all."""

LONGEST_EXAMPLE = 600
"""Characters of a text in the example of the page."""


@dataclass(frozen=True)
class Generator(Record):
    """A model that had a part in `rows` rows, and its terms; "" stands for people."""

    model: str
    rows: int
    terms: Terms


@dataclass(frozen=True)
class Method(Record):
    """How `rows` rows came about: `origin` that of the task where the run made it and of the answer otherwise,
    `operator` what made the task, `level` that of human involvement.
    """

    origin: str
    answer_origin: str
    operator: str
    level: int
    rows: int


@dataclass(frozen=True)
class Card(Record):
    """All that the card says, also written as card.json."""

    format: Format
    purpose: Purpose
    environment: str
    licence: str
    provenance: str
    generators: tuple[Generator, ...]
    training: Training
    counts: tuple[Count, ...]
    tasks: int
    cells: Mapping[str, int]
    methods: tuple[Method, ...]
    diversity: Mapping[str, float]
    example: Mapping[str, JsonValue]
    verdict: str
    iterations: int
    sealed_seed_sha256: str
    version: str
    command: str
    splits: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def with_files(self, splits: Mapping[str, int], files: Mapping[str, str]) -> Self:
        """The card once the files are written: records by split, SHA-256 by file."""
        return replace(self, splits=splits, files=files)


def write_card(folder: Path, card: Card) -> None:
    """Write README.md and card.json."""
    (folder / "card.json").write_text(json.dumps(card.to_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(text_of(card), encoding="utf-8", errors="replace")


def text_of(card: Card) -> str:
    """The card as the Markdown page that hubs of data sets show."""
    return "\n\n".join(part for part in _parts(card) if part) + "\n"


def _parts(card: Card) -> Iterator[str]:
    yield _front_matter(card)
    yield f"# {in_markdown(card.environment)}: data of a Burnish run"
    yield (
        f"{sum(card.splits.values()):,} records in the format `{card.format}` on {card.tasks:,} tasks, made by Burnish "
        f"{card.version} in {card.iterations} iterations and exported for {PURPOSES[card.purpose]}. Verdict of the run "
        f"on its sealed test: {card.verdict}. The column `provenance` says of each record where it came from, who "
        "verified it and what it may be used for."
    )
    yield _table(("split", "records"), list(card.splits.items()))
    yield "One record, without its provenance:"
    yield f"```json\n{harmless(json.dumps(_shortened(card.example), indent=2, ensure_ascii=False))}\n```"
    yield from _terms(card)
    yield "## How it was made"
    yield _table(
        ("origin", "of the answer", "task made by", "level", "rows"),
        [(m.origin, m.answer_origin, m.operator or "the environment", m.level, m.rows) for m in card.methods],
    )
    yield (
        "Level 1 is written by people, 2 cleaned by a model and checked by a person, 3 generated and judged by a "
        "person; from 4 on the environment judges, and at 4 people evaluate the outcome."
    )
    yield "## What was taken out"
    yield _table(("filter", "rows before", "after", "taken out"), [_counted(count) for count in card.counts])
    yield "## What is in it"
    yield _cells(card.cells)
    yield _table(("diversity of the prompts", ""), [(k, f"{v:.3g}") for k, v in card.diversity.items()])
    yield "## How to make it again"
    yield f"```console\n$ {on_one_line(card.command)}\n```"
    yield (
        "`run.toml` is the configuration of the run. The seed of its sealed test was committed to before its first "
        f"iteration, by SHA-256 `{card.sealed_seed_sha256}`."
    )
    yield _table(("file", "SHA-256"), [(name, f"`{digest}`") for name, digest in card.files.items()])


def _terms(card: Card) -> Iterator[str]:
    yield "## Terms"
    yield (
        f"As a whole it {TRAINING[card.training]}: it may be used as its strictest generator allows. This is what the "
        "makers of the models state, not legal advice."
    )
    yield _table(
        ("generator", "rows", "licence", "may train", "may be shared", "stated", "source"),
        [
            (g.model or PEOPLE, g.rows, t.licence, t.training, t.sharing, t.date, t.source)
            for g in card.generators
            for t in [g.terms]
        ],
    )
    conditions = [
        f"- {in_markdown(g.model)}: {in_markdown(g.terms.conditions)}" for g in card.generators if g.terms.conditions
    ]
    yield "\n".join(["What must be done:\n", *conditions]) if conditions else ""
    yield f"The tasks: {in_markdown(card.licence) or 'no licence is stated'}. {in_markdown(card.provenance)}".strip()


def _counted(count: Count) -> tuple[str, ...]:
    taken = "; ".join(f"{number:,} × {why}" for why, number in count.taken.items())
    return count.filter, f"{count.before:,}", f"{count.after:,}", taken or "nothing"


def _cells(cells: Mapping[str, int]) -> str:
    """The largest cells, and what the others hold together."""
    shown = [(name or "(none)", rows) for name, rows in islice(cells.items(), MOST_CELLS)]
    others = len(cells) - len(shown)
    rest = sum(cells.values()) - sum(rows for _, rows in shown)
    return _table(("cell", "rows"), [*shown, *([(f"{others} others", rest)] if others else [])])


def _shortened(value: JsonValue | Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_EXAMPLE else f"{value[:LONGEST_EXAMPLE]} ..."
    if isinstance(value, Mapping):
        return {key: _shortened(one) for key, one in value.items()}
    return [_shortened(one) for one in value] if isinstance(value, list) else value


def _front_matter(card: Card) -> str:
    """What `datasets` reads: the files of each split and the types of the columns. JSON is YAML too."""
    names = {split: next(name for name in card.files if name.startswith(f"{split}.")) for split in card.splits}
    head = {
        "pretty_name": f"{card.environment}: data of a Burnish run",
        "license": "other",
        "license_name": "see-terms-below",
        "tags": ["synthetic", "burnish"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": name} for split, name in names.items()],
            }
        ],
        "dataset_info": {"features": features(columns_of(card.format))},
    }
    return "\n".join(["---", *(f"{key}: {json.dumps(value)}" for key, value in head.items()), "---"])


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; empty where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    """Whole numbers with their thousands apart, links and digests as they are, and no other text as markup."""
    if isinstance(value, int):
        return f"{value:,}"
    return str(value) if _AS_IT_IS.fullmatch(str(value)) else in_markdown(str(value))
