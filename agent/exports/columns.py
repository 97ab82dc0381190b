"""The columns of each format with their types, so that every split is read alike, whatever its values happen to be."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from burnish.agent.exports.formats import Format
from burnish.types import JsonValue

if TYPE_CHECKING:
    import pyarrow as pa

Kind: TypeAlias = "str | tuple[Kind] | Mapping[str, Kind]"
"""The name of a type as Arrow has it, a list of a kind, or a record of kinds by name."""

MESSAGES: Kind = ({"role": "string", "content": "string"},)

PROVENANCE: Kind = {
    "rows": ("string",),
    "exemplars": ("string",),
    "task": "string",
    "environment": "string",
    "cell": "string",
    "origin": "string",
    "answer_origin": "string",
    "operator": "string",
    "level": "int64",
    "iteration": "int64",
    "reward": "float64",
    "verified_by": "string",
    "rating": "float64",
    "models": ("string",),
    "training": "string",
    "licence": "string",
}

COLUMNS: Mapping[Format, Mapping[str, Kind]] = MappingProxyType(
    {
        "sft": {"messages": MESSAGES},
        "sharegpt": {"conversations": ({"from": "string", "value": "string"},)},
        "chatml": {"text": "string"},
        "dpo": {"prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES},
        "kto": {"prompt": MESSAGES, "completion": MESSAGES, "label": "bool"},
        "steps": {"prompt": "string", "completions": ("string",), "labels": ("bool",), "step_labels": ("int64",)},
        "prompts": {"prompt": MESSAGES},
    }
)


def columns_of(form: Format) -> dict[str, Kind]:
    """The columns of a format, its provenance among them."""
    return {**COLUMNS[form], "provenance": PROVENANCE}


def features(columns: Mapping[str, Kind]) -> list[JsonValue]:
    """As `datasets` writes them into the head of a card."""
    return [{"name": name, **_feature(kind)} for name, kind in columns.items()]


def _feature(kind: Kind) -> dict[str, JsonValue]:
    if isinstance(kind, str):
        return {"dtype": kind}
    if isinstance(kind, tuple):
        (each,) = kind
        return {
            "list": each if isinstance(each, str) else features(each) if isinstance(each, Mapping) else _feature(each)
        }
    return {"struct": features(kind)}


def arrow_schema(columns: Mapping[str, Kind]) -> pa.Schema:
    """As pyarrow has them."""
    import pyarrow as pa

    return pa.schema({name: _arrow(kind) for name, kind in columns.items()})


def _arrow(kind: Kind) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, str):
        return pa.type_for_alias(kind)
    if isinstance(kind, tuple):
        return pa.list_(_arrow(kind[0]))
    return pa.struct({name: _arrow(each) for name, each in kind.items()})
