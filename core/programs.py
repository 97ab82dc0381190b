"""What behaves: prompts and programs, named by their content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from burnish.limits import Count, Nucleus, Positive, Share, Temperature
from burnish.types import Exemplar, Record, canonical_json, content_hash


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
    """How a program chooses the exemplars it shows with a task."""

    policy: Literal["shelves", "nearest", "value"] = "nearest"
    """`shelves`: a few fixed sets of exemplars that many tasks share, so that servers find most of a prompt in their
    cache. `nearest`: the exemplars most alike, chosen for every task anew. `value`: of the turns of episodes that are
    alike, those whose action was worth most in all logged episodes, failed ones included; where there are no episodes,
    the same as `nearest`.
    """
    k: Count = 4
    """Exemplars shown with a task."""
    relevance: Share = 0.8
    """The weight of likeness against variety: rho of maximal marginal relevance. 1: likeness alone."""
    order: Literal["nearest_last", "nearest_first"] = "nearest_last"
    """Whether the exemplar most alike comes last or first."""
    shelves: Positive = 16
    """How many sets there are, where `policy` is `shelves`."""


Format: TypeAlias = Literal["auto", "text", "json", "extract", "form", "plan"]


@dataclass(frozen=True)
class Decoding(Record):
    """How a program answers in trials, gate and sealed test."""

    temperature: Temperature = 0.0
    """Temperature of the answers."""
    top_p: Nucleus = 1.0
    """Nucleus of the answers: the share of probability that tokens are drawn from."""
    max_tokens: Positive = 96
    """Longest answer in tokens. A longer one is cut off."""
    rendering: Literal["turns", "block", "beside"] = "turns"
    """How exemplars are shown: as chat turns, or as one block in the system message. `beside`: as chat turns, with the
    instruction beside the task instead of in a system message.
    """
    format: Format = "auto"
    """`json` asks the server for a JSON object (`response_format`). `extract` asks for one whose texts and numbers are
    copied from the task, `form` for an answer of the form that the environment says or that the answers in memory have,
    and `plan` for calls of the environment's tools on the task's own constants; both use a
    grammar, which llama.cpp takes and so the embedded model does. `auto` is `plan` where the environment has tools and
    the server takes grammars, and otherwise `text`.
    """
    history: Count = 0
    """Earlier turns of an episode that are shown before the observation."""
    tags: bool = False
    """Whether each exemplar says how it came about, and the task asks for an answer like those that people wrote."""
    best_of: Positive = 1
    """Answers of which one is given. Above 1, this takes a `temperature` above 0. Attempts are sampled anyway, and
    episodes are played once.
    """
    choice: Literal["vote", "steps"] = "vote"
    """Which of these answers is given. `vote`: the one whose last line most of them have. `steps`: the one whose steps
    the step model finds right. That takes an environment that labels steps, and is `vote` until some steps are labelled
    right and some wrong.
    """


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

    def shows(self, exemplar: Exemplar) -> bool:
        """Whether it may show an exemplar with some task; what memory holds besides, it does not."""
        if self.retrieval.k == 0 or not exemplar.alive(self.revision):
            return False
        return exemplar.id in self.only if self.only else exemplar.id not in self.dropped

    @cached_property
    def id(self) -> str:
        """Content hash over everything that changes behaviour."""
        exemplars = [sorted(self.dropped), *sorted(self.only)]
        settings = canonical_json([self.retrieval.to_json(), self.decoding.to_json(), *exemplars])
        return content_hash(self.prompt.id, str(self.revision), settings, *filter(None, [self.adapter]))

    @cached_property
    def variant(self) -> str:
        """Content hash over everything but memory: the same for programs that differ only in what was learned."""
        return replace(self, revision=0).id

    def at(self, revision: int) -> Program:
        """The program with memory as of another revision: with all of it, since `only` was chosen from less."""
        return replace(self, revision=revision, only=())
