"""Re-deriving what a run claims from its journal and its environment, with no model."""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from burnish.agent.exports.rows import LEARNT_FROM
from burnish.agent.loop.policies import choose_policies
from burnish.agent.loop.sealed_test import summarize, why_unraced
from burnish.agent.record.history import answered
from burnish.agent.record.races import raced, raced_on_train
from burnish.agent.record.report import Report, make_report
from burnish.agent.record.run import Run, environment_of
from burnish.agent.record.seeds import commitment
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.verification.replay import proofs_again
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.sources import changed
from burnish.errors import Interrupted
from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import Pair, score
from burnish.policies.involvement import decided
from burnish.protocols import Environment
from burnish.records import SEALED, IterationRecord, Proof
from burnish.types import Attempt, Exemplar, Feedback, Record, content_hash


@dataclass(frozen=True)
class Verification(Record):
    """What was re-derived, and every disagreement in a sentence; none means that the run holds.

    `proofs` counts those that were made again. `notes` are what a reader should know though nothing disagrees.
    """

    exemplars: int
    verdicts: int
    gates: int
    sealed: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    proofs: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything agreed."""
        return not self.problems


def verify(run: Run, environment: Environment | None = None) -> Verification:
    """Judge every exemplar and every answer again and recompute counts, decisions, proofs and report.

    `environment` is needed for runs made with a live object.
    """
    live = environment or environment_of(run)
    guarded = GuardedEnvironment(live, timeout=run.config.environment_timeout)
    with run.journal() as journal:
        return asyncio.run(_verify(run, journal, guarded, live))


async def _verify(run: Run, journal: JournalReader, environment: GuardedEnvironment, live: Environment) -> Verification:
    exemplars, iterations = journal.exemplars(), journal.iterations()
    judged = [j for node in journal.nodes() for j in journal.judged(node)]
    problems = [p async for p in _wrong_exemplars(journal, environment, exemplars)]
    problems += [p async for p in _changed_verdicts(journal, environment, judged)]
    problems += _wrong_counts(journal, iterations)
    other = changed(journal.meta("files"))
    code = [path for path in other if path.suffix == ".py"]
    problems += [f"{path} is not the file of tasks that this run was made from" for path in other if path not in code]
    notes = [f"{path} was changed since the run; all is judged by what it says now" for path in code]
    problems += _wrong_gates(run, journal, iterations)
    problems += _wrong_evidence(journal, iterations)
    problems += _wrong_successions(journal, iterations)
    problems += _wrong_champions(journal, iterations)
    problems += _wrong_searches(journal)
    problems += _wrong_sealed(run, journal)
    report = make_report(run.config, journal)
    problems += [p async for p in _wrong_proofs(run, report.proofs, live)]
    problems += _wrong_report(run, report)
    return Verification(
        exemplars=len(exemplars),
        verdicts=len(judged),
        gates=sum(len(record.gates) for record in iterations),
        sealed=journal.sealed() is not None,
        problems=tuple(problems),
        notes=tuple(notes),
        proofs=len(report.proofs),
    )


async def _wrong_exemplars(
    journal: JournalReader, environment: GuardedEnvironment, exemplars: Sequence[Exemplar]
) -> AsyncIterator[str]:
    tried = {a.id: a for node in LEARNT_FROM for _, a, _ in journal.judged(node)}
    tasks = [journal.task(e.task_id) for e in exemplars]
    whole = [tried.get(e.attempt_id) if e.attempt_id else None for e in exemplars]
    pairs = [(t, a.answer if a else e.answer) for e, t, a in zip(exemplars, tasks, whole, strict=True)]
    feedbacks = await environment.judge_all(pairs)
    accepted = _accepted(journal)
    for exemplar, task, attempt, feedback in zip(exemplars, tasks, whole, feedbacks, strict=True):
        by_person = (exemplar.task_id, exemplar.answer, exemplar.reviewer) in accepted
        if exemplar.reviewer and not by_person:
            yield f"exemplar {exemplar.id} was not accepted by {exemplar.reviewer}, who is said to have judged it"
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


def _accepted(journal: JournalReader) -> set[tuple[str, str, str]]:
    """(task, answer, person) of what people accepted or wrote."""
    decisions = decided(journal.decisions())
    return {
        (question.task_id, decision.answer if decision.action == "edit" else question.answer, decision.who)
        for question in journal.questions()
        if (decision := decisions.get(question.id)) and decision.action != "reject"
    }


def _is_turn(exemplar: Exemplar, attempt: Attempt | None) -> bool:
    turns = attempt.turns if attempt else ()
    if exemplar.turn not in range(len(turns)):
        return False
    turn = turns[exemplar.turn or 0]
    return (turn.observation, turn.action) == (exemplar.prompt, exemplar.answer) and turn.label >= 0


def _wrong_counts(journal: JournalReader, iterations: Sequence[IterationRecord]) -> Iterator[str]:
    for record in iterations:
        feedbacks = [f for _, _, f in journal.judged("attempt", record.number)]
        verified = sum(f.verified for f in feedbacks)
        if (record.attempts, record.verified) != (len(feedbacks), verified):
            yield (
                f"iteration {record.number} says {record.verified} of {record.attempts} attempts were verified, but "
                f"its attempts say {verified} of {len(feedbacks)}"
            )


def _wrong_champions(journal: JournalReader, iterations: Sequence[IterationRecord]) -> Iterator[str]:
    earlier: set[str] = set()
    for before, after in pairwise(iterations):
        earlier.add(before.champion_id)
        accepted = [g.challenger_id for g in after.gates if g.outcome == "accept"]
        expected = journal.program(accepted[-1] if accepted else before.champion_id)
        rolled_back = after.action == "rollback" and after.champion_id in earlier
        champion = journal.program(after.champion_id)
        # Memory that follows makes a new revision of the same program, and harm returns it to an older one.
        newer = champion.revision == after.revision or after.harmful
        followed = champion.variant == expected.variant and newer
        if champion.id != expected.id and not followed and not rolled_back:
            yield f"the champion of iteration {after.number} is not what its gates decided"


def _wrong_searches(journal: JournalReader) -> Iterator[str]:
    """Searches whose scores are not those of the answers that were given in them."""
    for iteration, kind, body in journal.events():
        if kind != "search" or not isinstance(body, list):
            continue
        scores: dict[str, list[float]] = defaultdict(list)
        for _, attempt, feedback in journal.judged("rewrite", iteration):
            scores[attempt.program_id].append(score(feedback))
        for stage in body:
            assert isinstance(stage, dict)
            tasks, tried = int(str(stage["tasks"])), stage["candidates"]
            for one in tried if isinstance(tried, list) else ():
                assert isinstance(one, dict)
                found = scores[str(one["program"])][:tasks]
                if len(found) < tasks or not math.isclose(sum(found) / tasks, float(str(one["score"])), abs_tol=1e-6):
                    yield f"the search of iteration {iteration} scored {one['program']} otherwise than its answers"


async def _changed_verdicts(
    journal: JournalReader, environment: GuardedEnvironment, judged: list[tuple[int, Attempt, Feedback]]
) -> AsyncIterator[str]:
    # What a person judged is not for the environment to confirm.
    known = {a.id: (a, f) for _, a, f in judged if f.status.judged and not a.reviewer}
    again = await environment.judge_all([(journal.task(a.task_id), a.answer) for a, _ in known.values()])
    for (attempt, before), now in zip(known.values(), again, strict=True):
        if (before.verified, before.reward) != (now.verified, now.reward):
            yield (
                f"the verdict on answer {attempt.id} to task {attempt.task_id} was {_said(before)} and is now "
                f"{_said(now)}: the journal or the environment was changed"
            )


def _said(feedback: Feedback) -> str:
    return f"{'verified' if feedback.verified else 'not verified'} ({feedback.reward:g})"


def _wrong_evidence(journal: JournalReader, iterations: Iterable[IterationRecord]) -> Iterator[str]:
    """Races on train tasks that some program had answered before, or between other programs than are raced."""
    seen: set[str] = set()
    for record in iterations:
        compared = journal.judged("compare", record.number)
        for race in (one for one in record.comparisons if one.kind == "race"):
            if seen & {a.task_id for _, a, _ in compared if a.program_id == race.program_id}:
                yield f"the race of iteration {record.number} counts tasks that were answered before"
            sides = {_variant(journal, race.program_id), _variant(journal, race.beside_id)}
            known = [{_variant(journal, g.challenger_id), _variant(journal, g.champion_id)} for g in record.gates]
            if sides not in known:
                yield f"the race of iteration {record.number} is not between the programs that its answers are of"
        seen |= answered(journal, record.number)


def _wrong_successions(journal: JournalReader, iterations: Iterable[IterationRecord]) -> Iterator[str]:
    """Races in which another program came in than was said, or one that was not tried before."""

    def known(program_id: str) -> str:
        return journal.program(program_id).at(0).id  # whatever memory it shows

    raced: dict[int, str] = {}
    tried: set[tuple[str, str]] = set()
    for record in iterations:
        pairs = ((c.program_id, c.beside_id) for c in record.comparisons if c.kind in ("successor", "proposal"))
        tried |= {(known(one), known(other)) for one, other in pairs}
        for gate in record.gates:
            challenger = known(gate.challenger_id)
            if raced.get(gate.number, challenger) != challenger:
                yield f"challenger {gate.number} of iteration {record.number} is not what was to be raced next"
            raced[gate.number] = known(gate.successor_id) if gate.successor_id else challenger
            sides = {(raced[gate.number], challenger), (raced[gate.number], known(gate.champion_id))}
            if gate.successor_id and not sides & tried:
                yield f"what took the place of challenger {gate.number} in iteration {record.number} was never tried"


def _variant(journal: JournalReader, program_id: str) -> str:
    return journal.program(program_id).variant


def _wrong_gates(run: Run, journal: JournalReader, iterations: Iterable[IterationRecord]) -> Iterator[str]:
    policy = choose_policies(run.config).acceptance
    races: dict[int, list[Pair]] = defaultdict(list)
    since: dict[int, int] = defaultdict(int)
    going = 0
    for iteration, record in ((i, gate) for i in iterations for gate in i.gates):
        pairs = races[record.number]
        if record.number == going:
            pairs += raced_on_train(journal, iteration)
        pairs += raced(journal, iteration.number, record)
        going = record.number if record.open else 0
        of_race = replace(policy, cap=record.cap) if record.cap else policy
        decision = of_race.decide(pairs, challenger=record.number, since=since[record.number])
        if record.successor_id:
            since[record.number] = len(pairs)
        if (decision.outcome, decision.n) != (record.outcome, record.tasks):
            yield (
                f"challenger {record.number} was decided {record.outcome} on {record.tasks} tasks, but its answers "
                f"say {decision.outcome} on {decision.n}"
            )
            continue
        counted, n = pairs[: decision.n], max(1, decision.n)
        again = (sum(p.old for p in counted) / n, sum(p.new for p in counted) / n, decision.e_value)
        said = (record.champion_score, record.challenger_score, record.e_value)
        if not all(math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) for x, y in zip(said, again, strict=True)):
            yield f"the scores or the e-value of challenger {record.number} are not what its answers say"


def _wrong_sealed(run: Run, journal: JournalReader) -> Iterator[str]:
    if journal.meta("sealed_seed_sha256") != commitment(run.config):
        yield "the sealed seed is not the one that was committed to before the first iteration"
    record = journal.sealed()
    if record is None:
        return
    last = journal.iterations()[-1]
    arms: dict[str, list[Judged]] = {}
    for name in record.arms:
        arms[name] = [(a, f) for _, a, f in journal.judged(f"sealed {name}", SEALED)]
    arms["champion"] = arms["champion"] or arms["seed"]
    whole = min(map(len, arms.values()))  # what not all arms came to answer does not count
    arms = {name: judged[:whole] for name, judged in arms.items()}
    same = last.champion_id == journal.iterations()[0].champion_id
    again = summarize(
        arms,
        same=same,
        collapsed=last.action == "stop",
        iterations=last.number,
        alpha=run.config.sealed.alpha,
        unraced=why_unraced(journal.iterations()),
    )
    if again.verdict != record.verdict:
        yield f"the sealed verdict was {record.verdict!r} ({record.reason}), but its answers say {again.verdict!r}"
    elif again != record:
        yield "the figures of the sealed test are not what its answers say"


async def _wrong_proofs(run: Run, proofs: Sequence[Proof], environment: Environment) -> AsyncIterator[str]:
    if not proofs:
        return
    try:
        again = await proofs_again(run, environment)
    except Interrupted:
        yield "the proofs rest on answers of a model that the journal does not hold"
        return
    for before, now in zip_longest(proofs, again):
        if before != now:
            name = (before or now).method if before or now else ""
            yield f"the proof {name} was {_outcome(before)} and is now {_outcome(now)}"


def _outcome(proof: Proof | None) -> str:
    if proof is None:
        return "not made"
    figure = "no figure" if proof.figure is None else f"{proof.figure:g}"
    return f"{figure}, {proof.detail} ({proof.claim})"


ADDED = ("first_success", "tried", "obstacles", "calls")
"""What reports did not say before."""


def _wrong_report(run: Run, report: Report) -> Iterator[str]:
    if not run.place.report.is_file():
        return
    try:
        # What an older version did not say yet is nothing that it says wrongly.
        added = {name: value for name, value in report.to_json().items() if name in ADDED}
        written = Report.from_json({**added, **json.loads(run.place.report.read_bytes())})
    except (ValueError, KeyError, TypeError, AttributeError):
        written = None
    if written is None or replace(written, seconds=report.seconds) != report:
        yield (
            f"{run.place.report.name} does not say what the journal says; `burnish resume {run.place.path}` writes it "
            "anew"
        )
