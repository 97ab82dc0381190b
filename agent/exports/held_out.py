"""Held-out texts, which no export may contain: the tasks of the sealed test, and files that the user names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from burnish.agent.exports.duplicates import alike_by_vectors, alike_by_words, ngrams
from burnish.agent.exports.filters import Sieve
from burnish.agent.exports.rows import Row
from burnish.agent.record.run import Run
from burnish.agent.record.seeds import sealed_seed, secret_of
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import ConfigError
from burnish.files import Unreadable, parsed_json, read_text
from burnish.memory.embedding import Embedder
from burnish.memory.journal_reader import JournalReader
from burnish.memory.shared_text import SharedText
from burnish.protocols import Environment
from burnish.types import JsonValue, canonical_text
from burnish.waiting import awaited

CONTAMINATED = 13
"""Words in a row that a text has in common with a held-out one when it is contaminated (Brown et al. 2020)."""


@dataclass(frozen=True)
class HeldOut:
    """`texts` of a `name`, in their canonical form, and the `runs` of words that tell of them."""

    name: str
    texts: tuple[str, ...]
    runs: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, name: str, texts: Iterable[str]) -> HeldOut:
        """From the texts themselves. Words that several of them have in common are how tasks are put, and no secret."""
        whole = tuple(dict.fromkeys(filter(None, map(canonical_text, texts))))
        found = Counter(run for text in whole for run in set(ngrams(text, CONTAMINATED)))
        return cls(name, whole, frozenset(run for run, times in found.items() if times == 1))

    @cached_property
    def _whole(self) -> frozenset[str]:
        return frozenset(self.texts)

    def shared(self, row: Row) -> str:
        """What a row has in common with it, word for word; empty for nothing. An answer that is a text of it tells
        nothing while it is short: a label, a number.
        """
        if any(canonical_text(text) in self._whole for text in row.asked_in_it):
            return f"equal to a text of {self.name}"
        if any(run in self.runs for text in row.texts for run in ngrams(text, CONTAMINATED)):
            return f"{CONTAMINATED} words in common with {self.name}"
        return ""


def by_contamination(
    sieve: Sieve, held_out: Sequence[HeldOut], *, words: float, meaning: float, embedder: Embedder
) -> None:
    """Leave out what asks or holds something held out (its task, its answer, each turn), and tasks that are nearly the
    same as a text held out, by the likenesses from which on two tasks count as one.
    """
    for one in held_out:
        alike = _alike({row.task.id: row.task.prompt for row in sieve.rows}, one, words, meaning, embedder)
        sieve.sift(f"held out: {one.name}", partial(_contaminated, one, alike))


def _contaminated(held_out: HeldOut, alike: Collection[str], row: Row) -> str:
    nearly = f"task nearly the same as a text of {held_out.name}" if row.task.id in alike else ""
    return held_out.shared(row) or nearly


def _alike(prompts: Mapping[str, str], held_out: HeldOut, words: float, meaning: float, embedder: Embedder) -> set[str]:
    """The ids of the tasks that are nearly the same as a text held out, in what is not common to many tasks."""
    shared = SharedText.of([*prompts.values(), *held_out.texts])
    tasks, texts = list(prompts), [shared.apart(text)[0] for text in prompts.values()]
    others = [shared.apart(text)[0] for text in held_out.texts]
    places = alike_by_words(texts, others, words) if words < 1 else []
    if meaning < 1:
        places += alike_by_vectors(embedder.embed(texts), embedder.embed(others), meaning)
    return {tasks[place] for place in places}


def sealed_tasks(run: Run, journal: JournalReader, environment: Environment | None) -> HeldOut:
    """The tasks of the sealed test: from the journal once it is open, drawn before.

    Raises:
        ConfigError: it is not open yet, and the environment is an object that was not given.

    """
    if journal.sealed():
        tasks = [task for task in journal.tasks().values() if task.split == "test"]
    elif environment:
        guarded = GuardedEnvironment(environment, timeout=run.config.environment_timeout)
        tasks = awaited(
            guarded.draw("test", sealed_seed(secret_of(run.place, run.config, journal)), run.config.sealed.tasks)
        )
    else:
        raise ConfigError(
            f'the sealed test of this run is not open yet, and only the object "{run.config.environment}" in Python '
            "knows its tasks, which must not leak: give it to `burnish.agent.exports.export` as `environment`, or "
            "take the run to its end first"
        )
    return HeldOut.of("the sealed test", [task.prompt for task in tasks])


def texts_of_file(path: Path) -> HeldOut:
    """A file of texts: JSON or JSONL, of which every text counts, or plain lines.

    Raises:
        ConfigError: it cannot be read, or is not what its name says.

    """
    try:
        whole = read_text(path)
    except Unreadable as error:
        raise ConfigError(f"{error}; give a file of texts in UTF-8, a line each, or JSONL") from None
    lines = [whole] if path.suffix == ".json" else [line for line in whole.split("\n") if line.strip()]
    if path.suffix in {".json", ".jsonl"}:
        return HeldOut.of(path.name, [text for line in lines for text in _texts(_parsed(path, line))])
    return HeldOut.of(path.name, lines)


def _parsed(path: Path, line: str) -> JsonValue:
    try:
        return parsed_json(line, str(path))
    except Unreadable:
        kind = path.suffix.removeprefix(".").upper()
        raise ConfigError(f"{path} is not {kind}: {line[:60]!r} is no JSON; mend it, or name it .txt") from None


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(one)
