from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from burnish.agent.nodes.iteration import Iteration, failed
from burnish.agent.nodes.looks import Trials, look_at
from burnish.agent.nodes.parts import Compared, Curated, Drawn, Rewritten, Shown
from burnish.agent.nodes.parts_in_hand import Parts
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, Rival, Train
from burnish.agent.record.events import Event, Noted
from burnish.agent.record.findings import UNTRAINED
from burnish.agent.record.history import History, count
from burnish.agent.record.proposed import Proposed, arm_key
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.acceptance import BettingGate
from burnish.policies.curriculum import Tally
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Arm, Prospect, YieldRewriting
from burnish.policies.watching import HarmWatch
from burnish.programs import Program

Training = Callable[[Callable[[str], None]], Awaitable[str]]
"""Trains an adapter, see `Train`; the function it is given is told why it does not."""


async def rewrite(
    iteration: Iteration,
    policy: YieldRewriting,
    acceptance: BettingGate,
    watch: HarmWatch,
    operators: Sequence[Operator],
    parts: Parts,
    *,
    training: Training | None,
    reflector_able: bool,
) -> Rewritten:
    """Let operators propose programs while few are in trial, drop those that will not do, and choose which to race.

    What was proposed before is not proposed again. While a race goes on, what is probably better than what is raced
    takes its place.
    """
    past, champion = iteration.past, iteration.followed(iteration.champion)
    events, trials = list[Event](), Trials(iteration, parts.tasks)
    in_trial, beside = _as_tried(past, parts)
    leading = _leading(policy, past, in_trial)
    base = iteration.with_memory_of(iteration.number) if leading is None else leading.at(iteration.number)
    context = _context(iteration, policy, parts, trials, events, base, training, reflector_able)
    racing = arm_key(past.race.program, champion) if past.race else ""
    race = Prospect(acceptance.within(iteration.race_tasks).cap, acceptance.level(past.challengers + 1))
    beaten = {key for key, arm in beside.items() if policy.is_hopeless(arm)}
    hopeless = {key for key, one in in_trial.items() if key != racing and policy.is_hopeless(one.arm, race)}
    retired = tuple(key for key in in_trial if key in beaten | hopeless)
    tried = {key: one for key, one in in_trial.items() if key not in {*retired, racing}}
    looks = policy.looks_after(
        past.in_vain_looks,
        iteration.number,
        racing=bool(parts[Drawn].evidence),
        stalled=iteration.following and watch.stalled(past.harms),
    )
    new = await look_at(iteration, policy, operators, context, trials, tried, looks=looks)
    if past.race is not None:
        raced = in_trial[racing].arm if racing in in_trial else Arm(past.race.record.operator)
        raced = raced.with_pairs([pair.difference for pair in past.race.pairs])
        key = _successor(policy, tried, beside, raced) if policy.succession else None
    else:
        arms = {k: one.arm for k, one in tried.items()} | {k: one.arm for k, one in new.items() if not one.useless}
        sent = policy.send(list(arms.values()), race)
        key = None if sent is None else list(arms)[sent]
    challenger = None if key is None else new[key].proposal if key in new else _known(tried[key], iteration.number)
    records = tuple(one.record(sent=one.proposal is challenger) for one in new.values())
    racing_now = past.race is not None or challenger is not None
    programs = (*(one.proposal.program for one in new.values()), *trials.programs)
    return Rewritten(records, programs, challenger, racing_now, retired, tuple(events))


def _as_tried(past: History, parts: Parts) -> tuple[dict[str, Proposed], dict[str, Arm]]:
    """The proposals in trial, and how they did beside what is raced, this iteration included."""
    compared = parts.get(Compared) or Compared()
    variants = {program.id: program.variant for program in (parts[Shown].program, *compared.programs)}
    return past.tried(compared.comparisons, variants.__getitem__)


def _leading(policy: YieldRewriting, past: History, in_trial: Mapping[str, Proposed]) -> Program | None:
    """What proposals are made from, if not from the champion: what is raced, whose place they are to take, or the
    likeliest in trial.
    """
    if past.race is not None and policy.succession:
        return past.race.program
    known = list(in_trial.values())
    best = policy.best([one.arm for one in known])
    return None if best is None else known[best].program


def _successor(
    policy: YieldRewriting, tried: Mapping[str, Proposed], beside: Mapping[str, Arm], raced: Arm
) -> str | None:
    """What takes the place of what is raced, by how it did on the same tasks, or else by all pairs of both."""
    known = {key: arm for key, arm in beside.items() if key in tried}
    best = policy.best(list(known.values()))
    if best is not None:
        return list(known)[best]
    clearly = {key: one.arm for key, one in tried.items() if policy.overtakes(one.arm, raced)}
    return max(clearly, key=lambda key: clearly[key].gain, default=None)


def _known(known: Proposed, number: int) -> Proposal:
    """A proposal of an earlier iteration, with what was learned since."""
    return Proposal(known.arm.operator, known.program.at(number), known.description, urgent=known.arm.urgent)


def _rungs(past: History, judged: Sequence[Judged]) -> dict[str, Tally]:
    """How often each way of a search was tried and solved, this iteration included."""
    counts = dict(past.rungs)
    for attempt, feedback in judged:
        if attempt.rung:
            count(counts, attempt.rung, solved=feedback.verified)
    return counts


FAILURES = 48
"""Failures that operators look at, the newest first."""


def _failures(iteration: Iteration, parts: Parts) -> list[Failure]:
    """What was not verified in this iteration, and before it as far as there are few."""
    journal = iteration.journal
    compared = (parts.get(Compared) or Compared()).programs
    programs = {program.id: program for program in (parts[Shown].program, *compared)}

    def of(answers: Iterable[Judged]) -> list[Failure]:
        made = [(a, f, programs.get(a.program_id)) for a, f in answers if failed(f)]
        return [
            Failure(journal.task(a.task_id), a.answer, f.text, p.variant if p else "", f.reward, p.revision if p else 0)
            for a, f, p in made
        ]

    found = of(parts.judged)
    for record in reversed(iteration.past.records):
        if len(found) >= FAILURES:
            break
        for node in ("attempt", "compare"):
            known = journal.judged(node, record.number)
            programs |= {id_: journal.program(id_) for id_ in {a.program_id for _, a, _ in known}}
            found += of((a, f) for _, a, f in known)
    return found[:FAILURES]


def _context(
    iteration: Iteration,
    policy: YieldRewriting,
    parts: Parts,
    trials: Trials,
    events: list[Event],
    base: Program,
    training: Training | None,
    reflector_able: bool,
) -> ProposalContext:
    past, memory = iteration.past, iteration.memory
    exemplars = memory.alive()
    train: Train | None = None
    if training is not None:
        train = partial(training, lambda reason: events.append(Noted(UNTRAINED, reason)))
    return ProposalContext(
        champion=iteration.followed(iteration.champion),
        base=base,
        failures=_failures(iteration, parts),
        exemplars=exemplars,
        known_before=max(memory.count(iteration.champion.revision), past.raced_memory),
        settled=past.race is None and (iteration.is_last or policy.settled(len(parts[Curated].born), len(exemplars))),
        usefulness={i: u for i, u in usefulness(past.showings).items() if memory.holds(i)},
        rng=iteration.rng("operators"),
        note=lambda kind, body: events.append(Noted(kind, body)),
        score=trials.score,
        vectors=memory.vectors,
        takes_grammars=iteration.config.models.task.takes_grammars,
        proposed={*past.proposed, *past.useless_lately},
        refused=[one.program for one in past.refused],
        rungs=_rungs(past, parts.judged),
        cells=past.cells_of.get(iteration.champion.variant, {}),
        rivals=[
            Rival(program.at(iteration.number), past.cells_of[key])
            for key, program in past.rivals.items()
            if key in past.cells_of
        ],
        ask=iteration.ask_reflector if reflector_able else None,
        train=train,
    )
