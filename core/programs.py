"""What behaves: prompts and programs, named by their content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from burnish.limits import Count, Nucleus, Positive, Share, Temperature
from burnish.types import Record, canonical_json, content_hash


@dataclass(frozen=True)
class Prompt(Record):
    """Named text sections, rendered in order into the system message; `parent` is the id it came from."""

    sections: tuple[tuple[str, str], ...]
    parent: str = ""
    operator: str = "seed"

    @cached_property
    def id(self) -> str:
        """Hash of the sections alone: the same text is the same prompt, however it was made."""
        return content_hash(*(part for section in self.sections for part in section))

    def text(self, section: str) -> str:
        """The text of a section, empty when there is none."""
        return dict(self.sections).get(section, "")

    def with_section(self, name: str, text: str, operator: str) -> Prompt:
        """A child in which section `name` reads `text`: replaced in place, appended, or removed when empty."""
        names = [n for n, _ in self.sections]
        changed = [(n, text if n == name else t) for n, t in self.sections]
        if name not in names:
            changed.append((name, text))
        return Prompt(tuple((n, t) for n, t in changed if t), parent=self.id, operator=operator)


@dataclass(frozen=True)
class Retrieval(Record):
    """How a program chooses exemplars: `k` of them by `policy`; `relevance` is MMR's rho (1: likeness only).

    "value" takes, of the turns of episodes that are alike, those whose action was worth most in all logged episodes,
    the failed ones included.
    """

    policy: Literal["shelves", "nearest", "value"] = "shelves"
    k: Count = 4
    relevance: Share = 0.8
    order: Literal["nearest_last", "nearest_first"] = "nearest_last"
    shelves: Positive = 16


Format: TypeAlias = Literal["auto", "text", "json", "extract", "plan"]


@dataclass(frozen=True)
class Decoding(Record):
    """How a program answers.

    `rendering` is how exemplars are shown: chat turns, or one block in the system text. `format` "json" asks the
    server for a JSON object (`response_format`), which any answer then is; "extract" for one whose texts and numbers
    are copied from the task, and "plan" for calls of the environment's tools on the task's own constants, both by a
    grammar. "auto" is "plan" where the environment has tools and the server takes grammars, else "text". `history` is
    how many earlier turns of an episode are shown. `tags` says under each exemplar how it came about. Of `best_of`
    answers at `temperature`, which then has to be above 0, one is given by `choice`: the one whose end most of them
    have, or whose steps the step model finds right.
    """

    temperature: Temperature = 0.0
    top_p: Nucleus = 1.0
    max_tokens: Positive = 96
    rendering: Literal["turns", "block"] = "turns"
    format: Format = "auto"
    history: Count = 0
    tags: bool = False
    best_of: Positive = 1
    choice: Literal["vote", "steps"] = "vote"


@dataclass(frozen=True)
class Program(Record):
    """What behaves: a prompt, the memory as of a revision, and how both are used.

    `dropped` are exemplars of that memory that it leaves out; where `only` names some, it is shown no others. `adapter`
    names the weights that are added to the model's, by their content.
    """

    prompt: Prompt
    revision: int
    retrieval: Retrieval = Retrieval()
    decoding: Decoding = Decoding()
    dropped: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    adapter: str = ""

    @cached_property
    def id(self) -> str:
        """Content hash over everything that changes behaviour."""
        exemplars = [sorted(self.dropped), *sorted(self.only)]
        settings = canonical_json([self.retrieval.to_json(), self.decoding.to_json(), *exemplars])
        return content_hash(self.prompt.id, str(self.revision), settings, *filter(None, [self.adapter]))

    def at(self, revision: int) -> Program:
        """The program with memory as of another revision: with all of it, since `only` was chosen from less."""
        return replace(self, revision=revision, only=())
