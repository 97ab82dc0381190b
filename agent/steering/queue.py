"""The questions that a run asks people, and what they say to them; each decision is in the journal at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType

from burnish.agent.record.run import Run, write_report
from burnish.agent.steering.person import now, user
from burnish.errors import ConfigError
from burnish.memory.journal import Journal
from burnish.policies.involvement import open_questions, undoable
from burnish.records import Action, Decision, Question, QuestionKind
from burnish.types import Record

ACTIONS: Mapping[QuestionKind, tuple[Action, ...]] = MappingProxyType(
    {
        "judge": ("accept", "reject", "edit", "rate", "skip"),
        "write": ("edit", "reject", "skip"),
        "evaluate": ("accept", "reject", "rate", "skip"),
    }
)
"""What may be said to a question of a kind."""
RATINGS = range(1, 6)


@dataclass(frozen=True)
class Queue(Record):
    """What waits for people: the questions that are `open`, those that were skipped last, and the `undoable` decisions,
    the newest first.
    """

    open: tuple[Question, ...]
    undoable: tuple[Decision, ...]


def read_queue(run: Run) -> Queue:
    """What waits for people in a run."""
    with run.journal() as journal:
        questions, decisions = journal.questions(), journal.decisions()
    return Queue(tuple(open_questions(questions, decisions)), tuple(undoable(questions, decisions)))


def decision(question: Question, action: Action, who: str, *, answer: str = "", rating: int | None = None) -> Decision:
    """What somebody says to a question now."""
    return Decision(question.id, action, who, now(), answer=answer, rating=rating)


def say(run: Run, question: str, action: str, *, who: str = "", answer: str = "", rating: str = "") -> Queue:
    """Write down what somebody says to a question, by its id, and what is left then. The report of a finished run is
    written anew, since it says how far people agree.

    Raises:
        ConfigError: there is no such question, it is settled, or this cannot be said to it.

    """
    with run.journal() as reader:
        known = {one.id: one for one in reader.questions()}
    asked = known.get(question)
    if asked is None:
        raise ConfigError(f"this run asked no question {question[:40]!r}; look at what is open again")
    queue = read_queue(run)
    said = _checked(queue, asked, action, who or user(), answer=answer, rating=rating)
    with closing(Journal.join(run.place.journal)) as journal:
        journal.add_decision(said)
    if (said.settles or said.action == "undo") and run.place.report.is_file():
        write_report(run)
    return read_queue(run)


def _checked(queue: Queue, asked: Question, action: str, who: str, *, answer: str, rating: str) -> Decision:
    if action == "undo":
        if asked.id not in {one.question for one in queue.undoable}:
            raise ConfigError("this decision cannot be undone any more: the run went on with it")
        return decision(asked, "undo", who)
    if asked.id not in {one.id for one in queue.open}:
        raise ConfigError("this question is settled already; undo that first")
    allowed = next((one for one in ACTIONS[asked.kind] if one == action), None)
    if allowed is None:
        raise ConfigError(f"to this question one can say {', '.join(ACTIONS[asked.kind])}, and not {action[:20]!r}")
    if allowed == "edit" and not answer.strip():
        raise ConfigError("an edit needs an answer; nothing was written")
    if allowed == "rate" and rating not in map(str, RATINGS):
        raise ConfigError("a rating is a whole number from 1 to 5")
    return decision(
        asked,
        allowed,
        who,
        answer=answer if allowed == "edit" else "",
        rating=int(rating) if allowed == "rate" else None,
    )
