"""The data-set card: what the data is, who made it and on what terms, what was taken out, how to make it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from burnish.agent.exports.filters import Count
from burnish.policies.purposes import Purpose
from burnish.terms import Terms, Training
from burnish.types import Record

PURPOSES: Mapping[Purpose, str] = {
    "train": "training models",
    "evaluate": "evaluating models or data of one's own; it is not to be trained on or shared",
    "share": "sharing with others",
}

TRAINING: Mapping[Training, str] = {
    "yes": "may train other models",
    "not-competing": "may train other models, but none that competes with a generator's maker",
    "unknown": "is not known to be allowed to train other models",
    "no": "may not train other models",
}


@dataclass(frozen=True)
class Generator(Record):
    """A model that had a part in `rows` rows, and its terms; "" stands for people."""

    model: str
    rows: int
    terms: Terms


@dataclass(frozen=True)
class Card(Record):
    """All that the card says, also written as card.json."""

    format: str
    purpose: Purpose
    environment: str
    licence: str
    provenance: str
    generators: tuple[Generator, ...]
    training: Training
    counts: tuple[Count, ...]
    cells: Mapping[str, int]
    origins: Mapping[str, int]
    diversity: Mapping[str, float]
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
    (folder / "README.md").write_text(text_of(card), encoding="utf-8")


def text_of(card: Card) -> str:
    """The card as the Markdown page that hubs of data sets show."""
    parts = [
        _front_matter(card),
        f"# Data of a Burnish run on {card.environment}",
        f"{sum(card.splits.values())} records in the format `{card.format}`, made by Burnish {card.version} in "
        f"{card.iterations} iterations; verdict of the run: {card.verdict}. Each record carries its provenance.",
        "## Terms",
        f"Exported for {PURPOSES[card.purpose]}. As a whole it {TRAINING[card.training]}: it may be used as its "
        "strictest generator allows. This is what the makers of the models state, not legal advice.",
        _table(
            ("generator", "rows", "licence", "training", "sharing", "conditions", "stated", "source"),
            [
                (
                    g.model or "people",
                    g.rows,
                    g.terms.licence,
                    g.terms.training,
                    g.terms.sharing,
                    g.terms.conditions,
                    g.terms.date,
                    g.terms.source,
                )
                for g in card.generators
            ],
        ),
        f"Tasks: {card.licence or 'no licence is stated'}. {card.provenance}",
        "## What was taken out",
        _table(
            ("filter", "before", "after", "taken out"),
            [
                (c.filter, c.before, c.after, "; ".join(f"{n} × {why}" for why, n in c.taken.items()))
                for c in card.counts
            ],
        ),
        "## What is in it",
        _table(("split", "records"), list(card.splits.items())),
        _table(("cell", "rows"), sorted(card.cells.items())),
        _table(("origin", "rows"), sorted(card.origins.items())),
        _table(("diversity of the prompts", ""), [(k, f"{v:.3g}") for k, v in card.diversity.items()]),
        "## How to make it again",
        f"```console\n$ {card.command}\n```",
        "`run.toml` is the configuration of the run. The seed of its sealed test was committed to before its first "
        f"iteration, by SHA-256 `{card.sealed_seed_sha256}`.",
        _table(("file", "SHA-256"), [(name, f"`{digest}`") for name, digest in card.files.items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(card: Card) -> str:
    files = "\n".join(
        f"  - split: {split}\n    path: {name}"
        for split in card.splits
        for name in card.files
        if name.startswith(f"{split}.")
    )
    return (
        "---\nlicense: other\nlicense_name: see-terms-below\ntags:\n- synthetic\n- burnish\nconfigs:\n"
        f"- config_name: default\n  data_files:\n{files}\n---"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; empty where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |" for line in lines)
