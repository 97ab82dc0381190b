"""What a text would be shown: the exemplars that the champion of an iteration retrieves, and how like they are."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.models.rendering import render
from burnish.agent.record.memory import recalled_memory
from burnish.agent.record.run import Run
from burnish.agent.rollouts.episode_values import Valuer
from burnish.agent.rollouts.retriever import Retriever
from burnish.errors import ConfigError
from burnish.policies.retrieval import cosines
from burnish.programs import Retrieval
from burnish.types import Exemplar, Message, Record, Task


@dataclass(frozen=True)
class Shown(Record):
    """An exemplar that a text would be shown, at a cosine to it."""

    exemplar: Exemplar
    likeness: float


@dataclass(frozen=True)
class Recall(Record):
    """What a text would be shown at an `iteration`, by its champion, in the order of the prompt; that prompt; and in
    words how they were chosen and put in order.
    """

    text: str
    iteration: int
    program: str
    shown: tuple[Shown, ...]
    messages: tuple[Message, ...]
    how: str = ""


def recall(run: Run, text: str, at: int | None = None) -> Recall:
    """What the champion of an iteration (by default the newest) would show with a text.

    Raises:
        ConfigError: there is no such iteration, or the text is empty.

    """
    if not text.strip():
        raise ConfigError("there is nothing to retrieve for; give the text of a task")
    with run.journal() as journal:
        number = run.number(journal, at)
        program = journal.champion(number)
        memory = recalled_memory(run.place, run.config, journal, program.revision)
        task = Task(run.config.environment, text)
        (found,) = Retriever(memory, Valuer(journal).at).recall(program, [task])
        ids = [exemplar.id for exemplar in found.exemplars]
        alike = cosines(memory.vectors(ids), memory.embedder.embed([text])[0]).tolist() if ids else []
        return Recall(
            text=text,
            iteration=number,
            program=program.id,
            shown=tuple(Shown(e, cosine) for e, cosine in zip(found.exemplars, alike, strict=True)),
            messages=render(program, found.exemplars, task),
            how=chosen_in_words(program.retrieval),
        )


def chosen_in_words(retrieval: Retrieval) -> str:
    """How exemplars are chosen, and why their cosines need not rise."""
    place, last = ("last", retrieval.order == "nearest_last") if retrieval.order == "nearest_last" else ("first", False)
    variety = (
        f"Each is chosen for likeness (weight {retrieval.relevance:g}) and for being unlike those chosen before it "
        f"(weight {1 - retrieval.relevance:g})"
        if retrieval.relevance < 1
        else "Each is chosen for likeness alone"
    )
    way = {
        "nearest": variety,
        "shelves": f"They are the set of exemplars that is nearest to the text, of {retrieval.shelves} sets. {variety}",
        "value": "Of the turns of episodes that are alike, those whose action was worth most are chosen",
    }[retrieval.policy]
    order = f"the one chosen first stands {place} in the prompt{', next to the task' if last else ''}"
    return f"{way}; {order}. What the texts mean and their form are weighed, so cosines need not be in order."
