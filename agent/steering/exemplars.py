"""Which exemplars a person means, and what stands against changing them."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.inspecting.names import named
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.types import Exemplar


def meant(journal: JournalReader, texts: Sequence[str]) -> list[Exemplar]:
    """The exemplars of these ids, or beginnings of ids, each once.

    Raises:
        ConfigError: nothing is named so, or something that is no exemplar; where nothing is, it names what is near.

    """
    if not texts:
        raise ConfigError("no exemplar is named; give the ids of some, as `burnish memory` lists them")
    found: dict[str, Exemplar] = {}
    for text in texts:
        what = named(journal, text)
        if what.kind != "exemplar":
            kind = f"{'an' if what.kind[0] in 'aeiou' else 'a'} {what.kind}"
            raise ConfigError(f"{text} names {kind}; give the id of an exemplar, as `burnish memory` lists them")
        (found[what.id],) = journal.exemplars_named([what.id])
    return list(found.values())
