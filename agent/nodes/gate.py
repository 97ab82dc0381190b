from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from burnish.agent.nodes.iteration import Iteration, races_on_train
from burnish.agent.nodes.parts import Raced
from burnish.agent.operators.base import Proposal
from burnish.agent.record.races import OpenRace
from burnish.errors import BudgetExhausted
from burnish.policies.acceptance import BettingGate, GateDecision, Pair
from burnish.programs import Program
from burnish.records import GateRecord
from burnish.types import Task

Validation = Callable[[int], Awaitable[list[Task]]]
"""The first so many validation tasks of the run, fewer where the environment has no more."""


@dataclass(frozen=True)
class Race:
    """A challenger against the champion, on `cap` tasks at most. `pairs` are those so far, `drawn` the tasks that were
    drawn for them, and the challenger came in after `since` of the pairs.
    """

    number: int
    champion: Program
    proposal: Proposal
    cap: int
    pairs: tuple[Pair, ...] = ()
    drawn: int = 0
    since: int = 0

    def decided_by(self, policy: BettingGate, pairs: Sequence[Pair]) -> GateDecision:
        """What these pairs say."""
        return replace(policy, cap=self.cap).decide(pairs, challenger=self.number, since=self.since)


async def gate(
    iteration: Iteration,
    policy: BettingGate,
    challenger: Proposal | None,
    *,
    pairs: Sequence[Pair] | None,
    validation: Validation,
) -> Raced:
    """Race a challenger against the champion on fresh tasks: accept, reject, or go on in the next iteration.

    `pairs` are those of the race that goes on, on train tasks of the iteration. Where there were
    none, and to come to an end in the last iteration, validation tasks are drawn. A race goes on for as many iterations
    as it takes; both sides show what was learned meanwhile. Where something is raced already, the challenger takes its
    place from the next iteration on.
    """
    champion = iteration.followed(iteration.champion)
    going, number = iteration.past.race, iteration.past.challengers + 1
    race, blocks = None, None if iteration.is_last else 0
    if going is not None:
        race = _resumed(going, champion, iteration.number, pairs or ())
        if pairs is None and blocks == 0:
            blocks = 1
    elif challenger is not None:
        race = Race(number, champion, challenger, policy.within(iteration.race_tasks).cap)
        on_train = races_on_train(iteration.config, policy, iteration.environment)
        blocks = blocks if iteration.is_last or on_train else 1
    if race is None:
        return Raced(champion)
    record, used = await run_race(
        iteration, policy, race, position=iteration.past.validation_used, validation=validation, blocks=blocks
    )
    if going is not None and challenger is not None and record.open:
        record = replace(record, successor_id=challenger.program.id)
    iteration.notify("gate", record.to_json())
    programs = (champion, race.proposal.program)
    promoted = programs[record.outcome == "accept"]
    return Raced(promoted, (*programs, *([challenger.program] if challenger else ())), (record,), used)


def _resumed(going: OpenRace, champion: Program, number: int, pairs: Sequence[Pair]) -> Race:
    known = going.record
    proposal = Proposal(known.operator, going.program.at(number), known.description)
    return Race(known.number, champion, proposal, known.cap, (*going.pairs, *pairs), known.drawn, known.since)


async def run_race(
    iteration: Iteration,
    policy: BettingGate,
    race: Race,
    *,
    position: int,
    validation: Validation,
    blocks: int | None = None,
) -> tuple[GateRecord, int]:
    """Go on with a race for so many blocks of validation tasks from `position` on, and how many tasks they took.

    Without `blocks` it goes on to its end.
    """
    rollout, pairs = iteration.rollout(), list(race.pairs)
    decision = race.decided_by(policy, pairs)
    used, left, ended = 0, blocks, False
    while (left is None or left > 0) and (size := replace(policy, cap=race.cap).next_block(decision)):
        tasks = await _fresh(validation, size, position + used, race.drawn + used)
        if not tasks:
            ended = True
            break
        try:
            programs = [race.champion, race.proposal.program]
            old, new = await rollout.evaluate("gate", programs, tasks, start=2 * (position + used))
        except BudgetExhausted:
            ended = True
            break  # what is proved so far counts, and the iteration's other work is kept
        used += len(tasks)
        left = None if left is None else left - 1
        pairs += [Pair.of(o[1], n[1]) for o, n in zip(old, new, strict=True)]
        decision = race.decided_by(policy, pairs)
    return _record(race, decision, pairs, used, ended=ended), used


async def _fresh(validation: Validation, count: int, position: int, used: int) -> list[Task]:
    """The next validation tasks of the run, each at most once a challenger, of which it has had `used`.

    A finite list starts over with the next challenger once it is used up.
    """
    known = await validation(position + count)
    count = min(count, len(known) - used)
    return [known[i % len(known)] for i in range(position, position + count)]


def _record(race: Race, decision: GateDecision, pairs: Sequence[Pair], used: int, *, ended: bool) -> GateRecord:
    counted = pairs[: decision.n]
    n = max(1, len(counted))
    return GateRecord(
        number=decision.challenger,
        challenger_id=race.proposal.program.id,
        champion_id=race.champion.id,
        operator=race.proposal.operator,
        description=race.proposal.description,
        outcome=decision.outcome,
        tasks=decision.n,
        champion_score=sum(pair.old for pair in counted) / n,
        challenger_score=sum(pair.new for pair in counted) / n,
        e_value=decision.e_value,
        threshold=decision.threshold,
        level=1 / decision.threshold,
        lower=decision.lower,
        upper=decision.upper,
        open=decision.open and not ended,
        drawn=race.drawn + used,
        cap=race.cap,
        since=race.since,
        missing=sum(pair.missing for pair in counted),
    )
