"""The rows of a run that may be exported: every judged answer to a train task, with its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from burnish.agent.record.by_hand import forgotten, reasons_against
from burnish.agent.record.events import SaidOfServed
from burnish.agent.record.ratings import RATED, SECOND_ROUND, read_rated
from burnish.memory.journal import FEEDBACK, IMPORT
from burnish.memory.journal_reader import JournalReader
from burnish.policies.involvement import JUDGED
from burnish.types import ASKED, Exemplar, Feedback, JsonValue, Played, Record, Task, content_hash

Events: TypeAlias = Sequence[tuple[int, str, JsonValue]]

LEARNT_FROM = ("program", IMPORT, "attempt", "compare", "teach", "rewrite", FEEDBACK)
"""The nodes whose answers are to train tasks, the first being the program file that a run began with, the next what
people imported, the last what was served. What the gate and the sealed test asked never leaves a run."""


WHOLE = -1
"""Stands for the whole answer beside the numbers of its turns."""


@dataclass(frozen=True)
class Row(Record):
    """One judged answer. `models` are all that had a part in it, "" standing for people; `authors` those that wrote its
    task, none where the environment posed it.
    """

    task: Task
    answer: str
    feedback: Feedback
    models: tuple[str, ...]
    origin: str
    iteration: int
    level: int
    rating: float | None = None
    turns: tuple[Played, ...] = ()
    authors: tuple[str, ...] = ()
    reviewer: str = ""
    worse: tuple[str, ...] = ()
    """The ids of answers to its task that it was found better than, by a principle of the constitution."""
    barred: str = ""
    """Why it was not to be learned, whatever its verdict."""
    situation: str = ""
    """What was asked, where that is a turn of the task and not the task itself."""
    episode: str = ""
    """The id of the row whose turn it is."""
    exemplars: tuple[tuple[int, str], ...] = ()
    """The exemplars that it became, by the number of the turn; `WHOLE` for the answer as it is."""

    @cached_property
    def id(self) -> str:
        """Hash of task and answer."""
        return content_hash(self.task.id, self.answer)

    @property
    def exemplar(self) -> str:
        """The id of the exemplar that it became, the newest where it was remembered again; empty where it was not."""
        return dict(self.exemplars).get(WHOLE, "")

    @property
    def source(self) -> str:
        """The id of the row of the run it is, or is a turn of."""
        return self.episode or self.id

    @property
    def tag(self) -> str:
        """How it came about: how its task did ("evolved", "augmented"), or its answer, where the environment, or a
        person, posed the task ("seed", "attempt", "person", ...).
        """
        return self.task.origin or self.origin

    @property
    def asked(self) -> str:
        """What it answers."""
        return self.situation or self.task.prompt

    @property
    def asked_in_it(self) -> tuple[str, ...]:
        """All that it answers: its task, and what was seen at each turn."""
        return (self.task.prompt, *(turn.observation for turn in self.turns))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that it says."""
        return (*self.asked_in_it, self.answer)

    @property
    def verified_by(self) -> str:
        """Who found it right."""
        return f"person: {self.reviewer}" if self.reviewer else self.task.environment

    @property
    def verified(self) -> bool:
        """Whether the environment, or a person, found it right."""
        return self.feedback.verified


def rows_of(journal: JournalReader, *, level: int) -> Iterator[Row]:
    """Every distinct judged answer to a train task, seeds first, then in the order in which they were given.

    What was not judged (an environment that failed), or is empty (a call that failed), is none.
    """
    seen: set[str] = set()
    events = journal.events()
    ratings, pairs, barred = _ratings(journal, events), _pairs(events), _barred(events) | _forgotten(journal)
    called_wrong = _called_wrong(events)
    remembered = _remembered(journal)
    for row in [*_seeds(journal), *_attempts(journal, level)]:
        if row.id not in seen:
            seen.add(row.id)
            worse, barred_for = pairs.get(row.id, ()), barred.get(row.id, "")
            if row.origin == FEEDBACK:
                barred_for = barred_for or called_wrong.get(row.id, "")
            became = tuple(sorted(remembered.get(row.id, {}).items()))
            yield replace(row, rating=ratings.get(row.id), worse=worse, barred=barred_for, exemplars=became)


def _remembered(journal: JournalReader) -> dict[str, dict[int, str]]:
    """By answer the exemplars that it became, by turn."""
    found: dict[str, dict[int, str]] = {}
    for exemplar in journal.exemplars():
        found.setdefault(_answer(exemplar), {})[WHOLE if exemplar.turn is None else exemplar.turn] = exemplar.id
    return found


def _seeds(journal: JournalReader) -> Iterator[Row]:
    for exemplar in journal.exemplars():
        if exemplar.origin == "seed":
            task = journal.task(exemplar.task_id)
            feedback = Feedback(exemplar.reward, verified=True)
            yield Row(task, exemplar.answer, feedback, ("",), "seed", 0, 1)


def _attempts(journal: JournalReader, level: int) -> Iterator[Row]:
    tasks = journal.tasks()
    for node in LEARNT_FROM:
        judged = journal.judged(node)
        if node == FEEDBACK:  # of what was said of an answer the last counts
            judged = list({attempt.id: (number, attempt, said) for number, attempt, said in judged}.values())
        for iteration, attempt, feedback in judged:
            task = tasks[attempt.task_id]
            if feedback.status.judged and task.split == "train" and attempt.answer.strip():
                yield Row(
                    task,
                    attempt.answer,
                    feedback,
                    (attempt.model,),
                    attempt.origin,
                    iteration,
                    JUDGED if node == FEEDBACK and attempt.reviewer else level,
                    turns=attempt.turns,
                    reviewer=attempt.reviewer,
                    authors=_authors(task),
                )


def _authors(task: Task) -> tuple[str, ...]:
    """Who wrote a task: people, where a client of the served run asked it; none, where the environment posed it."""
    return (task.author,) if task.author else ("",) if task.origin == ASKED else ()


def _pairs(events: Events) -> dict[str, tuple[str, ...]]:
    """By answer those it was found better than."""
    found: dict[str, tuple[str, ...]] = {}
    for _, kind, body in events:
        if kind == "pair" and isinstance(body, Mapping):
            better = str(body["better"])
            found[better] = (*found.get(better, ()), str(body["worse"]))
    return found


def _barred(events: Events) -> dict[str, str]:
    """By answer why it was not to be learned."""
    found: dict[str, str] = {}
    for _, kind, body in events:
        if kind == "barred" and isinstance(body, Mapping):
            found |= {answer: str(reason) for answer, reason in body.items()}
    return found


def _called_wrong(events: Events) -> dict[str, str]:
    """By answer that was served who called it wrong, if that is the last word on it."""
    said = [one for _, kind, body in events if kind == SaidOfServed.kind and isinstance(body, list) for one in body]
    last = {str(one["answer"]): one for one in said if isinstance(one, dict)}
    return {answer: f"not found right by {one['who']}" for answer, one in last.items() if float(str(one["reward"])) < 1}


def _forgotten(journal: JournalReader) -> dict[str, str]:
    """By answer why a person had it forgotten; of an episode one turn is enough."""
    exemplars = journal.exemplars()
    reasons = reasons_against(exemplars, forgotten(journal, journal.iterations()))
    return {_answer(one): reasons[one.id] for one in exemplars if one.id in reasons}


def _answer(exemplar: Exemplar) -> str:
    """The id of the answer that an exemplar was."""
    return exemplar.attempt_id or content_hash(exemplar.task_id, exemplar.answer)


def _ratings(journal: JournalReader, events: Events) -> dict[str, float]:
    """Ratings by attempt, later ones replacing earlier ones: the judge's, those of the second round, people's."""
    rounds = [*(body for _, kind, body in events if kind == RATED), journal.meta(SECOND_ROUND)]
    found = {one.attempt: one.rating for body in rounds for one in read_rated(body)}
    asked = {question.id: question.attempt_id for question in journal.questions()}
    rated = ((d.question, d.rating) for d in journal.decisions() if d.rating is not None)
    return found | {asked[question]: float(rating) for question, rating in rated}
