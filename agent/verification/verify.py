"""Re-deriving what a run claims from its journal and its environment, with no model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

from burnish.agent.exports.rows import LEARNT_FROM
from burnish.agent.record.feedback_taken import words_of
from burnish.agent.record.report import Report, make_report
from burnish.agent.record.run import Run, environment_of
from burnish.agent.verification.records import wrong_records
from burnish.agent.verification.replay import Again, made_again
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.closing import closing_what_is_loaded
from burnish.environments.sources import changed
from burnish.memory.changes_by_hand import changes_by_hand, waiting
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import head_of, heads, links, wrong_links
from burnish.policies.involvement import decided
from burnish.protocols import Environment, Licensed
from burnish.records import SEALED
from burnish.types import Attempt, Exemplar, Feedback, Record, content_hash
from burnish.waiting import awaited

AGAIN = "mend it, then verify again"


@dataclass(frozen=True)
class Verification(Record):
    """What was re-derived, and every disagreement in a sentence; none means that the run holds.

    `again` says whether the run was made again from its calls, and `proofs` counts what was proved again. `head` is the
    end of the chain of hashes. `notes` are what a reader should know though nothing disagrees.
    """

    exemplars: int
    verdicts: int
    gates: int
    sealed: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    proofs: int = 0
    again: bool = False
    head: str = ""

    @property
    def holds(self) -> bool:
        """Whether everything agreed."""
        return not self.problems


@closing_what_is_loaded()
def verify(run: Run, environment: Environment | None = None, *, head: str = "") -> Verification:
    """Judge every exemplar and every answer again, make the run again with the answers of its calls, and compare.

    `environment` is needed for runs made with a live object. `head` is what the run's report said of its chain of
    hashes when it was made: where it is given, no later edit passes.
    """
    live = environment or environment_of(run)
    guarded = GuardedEnvironment(live, timeout=run.config.environment_timeout)
    with run.journal() as journal:
        return awaited(_verify(run, journal, guarded, live, head))


async def _verify(
    run: Run, journal: JournalReader, environment: GuardedEnvironment, live: Environment, head: str
) -> Verification:
    exemplars, iterations = journal.exemplars(), journal.iterations()
    judged = [j for node in journal.nodes() for j in journal.judged(node)]
    problems = [p async for p in _wrong_exemplars(journal, environment, exemplars)]
    problems += [p async for p in _changed_verdicts(journal, environment, judged)]
    problems += wrong_links(journal)
    problems += _wrong_head(journal, head)
    problems += wrong_records(run, journal)
    problems += _wrong_papers(journal, live)
    other = changed(journal.meta("files"))
    code = [path for path in other if path.suffix == ".py"]
    problems += [f"{path} is not the file of tasks that this run was made from" for path in other if path not in code]
    notes = [f"{path} was changed since the run; all is judged by what it says now" for path in code]
    notes += _by_hand(journal, head)
    report = make_report(run.config, journal)
    again = Again()
    if journal.is_current:
        again = await made_again(run, journal, live)
        problems += again.problems
    else:
        began = f"{journal.meta('version') or '?'}, schema {journal.begun}"
        notes.append(
            f"this run began with another version of Burnish ({began}): its answers were judged again and its figures "
            "worked out again, but not its decisions, which followed the rules of that version"
        )
    problems += _wrong_report(run, report, is_current=journal.is_current)
    return Verification(
        exemplars=len(exemplars),
        verdicts=len(judged),
        gates=sum(len(record.gates) for record in iterations),
        sealed=journal.sealed() is not None,
        problems=tuple(problems),
        notes=tuple(notes),
        proofs=again.proofs,
        again=journal.is_current,
        head=head_of(journal),
    )


def _by_hand(journal: JournalReader, head: str) -> Iterator[str]:
    """What people changed since a head was kept, and what of that still waits."""
    chain = links(journal)
    since = next((chain[place + 1 :] for place, one in enumerate(chain) if one.digest == head), [])
    names = [f"iteration {one.iteration}" for one in since if one.iteration > 0]
    if names and any(one.iteration == SEALED for one in chain):
        yield f"since that head the run was changed by hand: {', '.join(names)}"
    queued = len(waiting(journal))
    if queued:
        yield f"{queued} change{'s' * (queued > 1)} by hand wait{'s' * (queued == 1)} to be made"


async def _wrong_exemplars(
    journal: JournalReader, environment: GuardedEnvironment, exemplars: Sequence[Exemplar]
) -> AsyncIterator[str]:
    tried = {a.id: a for node in LEARNT_FROM for _, a, _ in journal.judged(node)}
    tasks = [journal.task(e.task_id) for e in exemplars]
    whole = [tried.get(e.attempt_id) if e.turn is not None else None for e in exemplars]
    pairs = [(t, a.answer if a else e.answer) for e, t, a in zip(exemplars, tasks, whole, strict=True)]
    feedbacks = await environment.judge_all(pairs)
    accepted = _accepted(journal) | _found_right(journal)
    for exemplar, task, attempt, feedback in zip(exemplars, tasks, whole, feedbacks, strict=True):
        by_person = (exemplar.task_id, exemplar.answer, exemplar.reviewer) in accepted
        if exemplar.reviewer and not by_person:
            yield f"exemplar {exemplar.id} was not accepted by {exemplar.reviewer}, who is said to have judged it"
        elif not exemplar.reviewer and not feedback.status.judged:
            yield f"{environment.name} fails to judge exemplar {exemplar.id} now ({feedback.text}); {AGAIN}"
        elif not exemplar.reviewer and not feedback.verified:
            yield f"exemplar {exemplar.id} is not verified by {environment.name}: {feedback.text}"
        elif exemplar.turn is not None:
            if not _is_turn(exemplar, attempt):
                yield f"exemplar {exemplar.id} is no turn of an episode that was played in this run"
        elif exemplar.prompt != task.prompt:
            yield f"exemplar {exemplar.id} does not show the prompt of its task {task.id}"
        elif exemplar.origin != "seed" and content_hash(task.id, exemplar.answer) not in tried:
            yield f"exemplar {exemplar.id} is no answer that was attempted in this run"
        if task.split != "train":
            yield f"exemplar {exemplar.id} answers a task of the {task.split} split"


def _wrong_papers(journal: JournalReader, live: Environment) -> Iterator[str]:
    """Terms of the tasks that are not those that the environment says."""
    if not isinstance(live, Licensed):
        return
    for name, said in (("licence", live.licence), ("provenance", live.provenance)):
        known = journal.meta(name)
        if known is not None and known != said:
            yield f"the {name} of the tasks was {known!r} and is {said!r}: the journal or the environment was changed"


def _wrong_head(journal: JournalReader, head: str) -> Iterator[str]:
    if head and head not in heads(journal):
        yield f"the chain of hashes ends with {head_of(journal) or 'nothing'}, not with {head}: the run was changed"


def _accepted(journal: JournalReader) -> set[tuple[str, str, str]]:
    """(task, answer, person) of what people accepted or wrote."""
    decisions = decided(journal.decisions())
    return {
        (question.task_id, decision.answer if decision.action == "edit" else question.answer, decision.who)
        for question in journal.questions()
        if (decision := decisions.get(question.id)) and decision.action != "reject"
    }


def _found_right(journal: JournalReader) -> set[tuple[str, str, str]]:
    """(task, answer, person) of served answers that clients found right."""
    changes = [one for one in changes_by_hand(journal) if one.change.action == "feedback" and one.iteration is not None]
    words = [word for one in changes for word in words_of(journal, one.number)]
    return {(word.task.id, word.attempt.answer, word.by) for word in words if word.right}


def _is_turn(exemplar: Exemplar, attempt: Attempt | None) -> bool:
    turns = attempt.turns if attempt else ()
    if exemplar.turn not in range(len(turns)):
        return False
    turn = turns[exemplar.turn or 0]
    return (turn.observation, turn.action) == (exemplar.prompt, exemplar.answer) and turn.label >= 0


async def _changed_verdicts(
    journal: JournalReader, environment: GuardedEnvironment, judged: list[tuple[int, Attempt, Feedback]]
) -> AsyncIterator[str]:
    # What a person judged is not for the environment to confirm.
    known = {a.id: (a, f) for _, a, f in judged if f.status.judged and not a.reviewer}
    again = await environment.judge_all([(journal.task(a.task_id), a.answer) for a, _ in known.values()])
    for (attempt, before), now in zip(known.values(), again, strict=True):
        if not now.status.judged:
            yield f"{environment.name} fails to judge answer {attempt.id} to task {attempt.task_id} now; {AGAIN}"
        elif (before.verified, before.reward) != (now.verified, now.reward):
            yield (
                f"the verdict on answer {attempt.id} to task {attempt.task_id} was {_said(before)} and is now "
                f"{_said(now)}: the journal or the environment was changed"
            )


def _said(feedback: Feedback) -> str:
    return f"{'verified' if feedback.verified else 'not verified'} ({feedback.reward:g})"


ADDED = ("first_success", "tried", "obstacles", "calls", "head", "exemplars_shown", "exemplars_remembered")
"""What reports did not say before."""


def _wrong_report(run: Run, report: Report, *, is_current: bool) -> Iterator[str]:
    file = run.place.report
    if not file.is_file():
        return
    try:
        written = json.loads(file.read_bytes())
        if is_current:
            same = written == report.to_json()
        else:  # what an older version did not say yet is nothing that it says wrongly
            added = {name: value for name, value in report.to_json().items() if name in ADDED}
            older = Report.from_json({**added, **written})
            same = replace(older, seconds=report.seconds, version=report.version) == report
    except (ValueError, KeyError, TypeError, AttributeError):
        same = False
    if not same:
        yield f"{file.name} does not say what the journal says; `burnish resume {run.place.path}` writes it anew"
