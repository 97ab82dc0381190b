"""What a run knows of its committed iterations: folded from the journal and from nothing else.

A run that goes on and one that is resumed fold the same records, so both know the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from burnish.agent.record.events import EVOL, CellsFrozen, Drafted, Evolved
from burnish.agent.record.proposed import MEMORY, Proposed, arm_key
from burnish.agent.record.races import OpenRace, answered, raced, raced_on_train
from burnish.agent.record.ratings import RATED, read_rated
from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import Pair, score
from burnish.policies.curriculum import Tally
from burnish.policies.diversity import Cells, Diversity
from burnish.policies.eviction import Showing
from burnish.policies.guard import GuardAction
from burnish.policies.pareto import Mean
from burnish.policies.rewriting import Arm
from burnish.programs import Program
from burnish.records import ComparisonRecord, GateRecord, IterationRecord
from burnish.types import Attempt, Feedback

REMEMBERED_SHOWINGS = 4096
"""Attempts over which the usefulness of exemplars is estimated; the newest count."""
WARM = 4
"""Exemplars from which on attempts are no longer asked for in other ways than the program's."""
SOON = 8
"""Iterations after which a proposal may be looked at again that did no better on failed tasks."""
RAISE = 0.2
"""By how much a "resample" of the guard raises the sampling temperature."""


SampleKind = Literal["all", "verified"]
"""What answers the diversity of an iteration was measured on."""


@dataclass
class History:
    """The past of a run, as its next iteration needs it: `records` are the iterations of learning, beside those that
    people made `by_hand`.

    `drafts` counts by expander and operator how many texts became tasks that were kept; `evolved` are the ids of
    evolved ones among them. `measured` holds the diversity of generated answers and `actions` what the guard did after
    each measurement; `cells` and `first_texts` are the frozen cells and the answers of the first sample, by kind and
    size of the sample. `sampled` is `sampling.tasks`.

    `arms` are the proposals in trial, by what tells them apart, `refused` those that did no better than the champion,
    and `proposed` names all that ever were, so that none is tried twice. `race` is the race that goes on, and
    `beside_raced` are proposals as they did beside what is raced, on the same tasks. `harms` are
    the scores of earlier memory less those of newer, a task each, and `earlier` is the revision last compared with;
    once they proved harm, memory is `harmed`. `looks` counts by operator the proposals that were looked at, and those
    that did better on failed tasks; `useless` are those that did not, with the iteration, as long as the champion is
    the same and has something to show. `cells_of` is how each variant did, by cell, and `rivals` are the
    proposals made from the champion in force, in trial or refused. `rungs` counts how often each way of a search was
    tried and solved, `rung_rewards` are its rewards, and `taught` what the teacher was asked. `seen` are the train
    tasks that any program answered.
    """

    sampled: int = 0
    records: list[IterationRecord] = field(default_factory=list)
    by_hand: list[IterationRecord] = field(default_factory=list)
    tasks: dict[str, Tally] = field(default_factory=dict)
    task_cells: dict[str, Tally] = field(default_factory=dict)
    operators: dict[str, Tally] = field(default_factory=dict)
    drafts: dict[str, dict[str, Tally]] = field(default_factory=dict)
    evolved: list[str] = field(default_factory=list)
    showings: list[Showing] = field(default_factory=list)
    rated: list[tuple[float, bool]] = field(default_factory=list)
    measured: list[Diversity] = field(default_factory=list)
    actions: list[GuardAction] = field(default_factory=list)
    cells: dict[tuple[str, int], Cells] = field(default_factory=dict)
    first_texts: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    raised_temperature: float = 0.0
    arms: dict[str, Proposed] = field(default_factory=dict)
    refused: list[Proposed] = field(default_factory=list)
    proposed: set[str] = field(default_factory=set)
    race: OpenRace | None = None
    beside_raced: dict[str, Arm] = field(default_factory=dict)
    harms: list[float] = field(default_factory=list)
    earlier: int | None = None
    harmed: bool = False
    taught: int = 0
    rungs: dict[str, Tally] = field(default_factory=dict)
    rung_rewards: dict[str, Mean] = field(default_factory=dict)
    looks: dict[str, Tally] = field(default_factory=dict)
    useless: dict[str, int] = field(default_factory=dict)
    cells_of: dict[str, dict[str, Mean]] = field(default_factory=dict)
    rivals: dict[str, Program] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def absorb(self, record: IterationRecord, journal: JournalReader) -> None:
        """Take in an iteration. Called after its commit, and for every committed iteration when a run is opened."""
        first_memory = record.memory > 0 and not any(before.memory for before in self.records)
        self.records.append(record)
        for _, attempt, feedback in journal.judged("attempt", record.number):
            if feedback.status.judged and attempt.origin == "attempt":  # the rest is not what the champion can do
                self._tally(attempt, feedback, journal.task(attempt.task_id).cell)
        self._by_cell(record, journal)
        del self.showings[:-REMEMBERED_SHOWINGS]
        self.seen |= answered(journal, record.number)
        self.taught += len(journal.judged("teach", record.number))
        self._propose(record, journal)
        self._compare(record, journal)
        self._race(record, journal)
        if first_memory:
            self.useless.clear()  # what is no use without exemplars may be with some
        if record.diversity:
            self._measure(record)
        for _, kind, body in journal.events(record.number):
            if kind == RATED:
                self.rated += [(one.rating, one.verified) for one in read_rated(body)]
            elif kind == Drafted.kind and isinstance(body, Mapping):
                self._drafted(Drafted.read(body))
            elif kind == Evolved.kind and isinstance(body, Mapping):
                self._evolved(Evolved.read(body))
            elif kind == CellsFrozen.kind and isinstance(body, Mapping):
                frozen = CellsFrozen.read(body)
                place = (frozen.of or self._kind(frozen.size), frozen.size)
                self.cells[place], self.first_texts[place] = frozen.cells, frozen.texts

    @property
    def newest(self) -> int:
        """The last committed iteration, by hand or not."""
        return max(record.number for record in (self.records[-1], *self.by_hand[-1:]))

    @property
    def solved(self) -> float | None:
        """The share of the last iteration's attempts that was verified; None as long as the start is cold."""
        if self.cold is not None:
            return None
        last = self.records[-1]
        return last.verified / max(1, last.attempts)

    @property
    def useless_lately(self) -> set[str]:
        """Proposals not to be looked at again so soon: a look at a few tasks may err."""
        return {key for key, number in self.useless.items() if len(self.records) - number <= SOON}

    @property
    def in_vain_looks(self) -> int:
        """How many proposals were of no use since the last that was of some."""
        looked = [one.useless for record in reversed(self.records) for one in reversed(record.proposals)]
        return next((n for n, useless in enumerate(looked) if not useless), len(looked))

    @property
    def in_vain(self) -> int | None:
        """How many iterations there were so far, where none of them verified an answer and memory began empty; None
        where one did.
        """
        some = any(r.verified or r.memory for r in (*self.records, *self.by_hand))
        return None if some else len(self.records) - 1

    @property
    def cold(self) -> int | None:
        """How many iterations there were so far, as long as no memory held as many exemplars as a program shows; None
        once one did. From one or two a weak model copies, and learns nothing of the form.
        """
        return None if any(r.memory >= WARM for r in (*self.records, *self.by_hand)) else len(self.records) - 1

    @property
    def first_with_exemplars(self) -> int:
        """Index into `measured` of the first iteration that had exemplars to show; 0 as long as there is none."""
        return next((place for place, r in enumerate(self.records) if r.memory), 0)

    @property
    def raced_memory(self) -> int:
        """How many exemplars the last memory held that went to the gate."""
        sizes = [r.memory for r in self.records if any(g.operator == "memory" for g in r.gates)]
        return sizes[-1] if sizes else 0

    @property
    def challengers(self) -> int:
        """How many the gate has seen."""
        return max((g.number for r in self.records for g in r.gates), default=0)

    def earlier_memory(self, size: Callable[[int], int], *, signs: bool) -> int | None:
        """The revision whose memory the newest is compared with: the newest that, by its `size`, held at most half as
        many exemplars; None as long as there is nothing to compare.

        While there are `signs` of harm it stays the one that showed them: it would otherwise move on to a memory that
        does the same harm.
        """
        if signs and self.earlier is not None:
            return self.earlier
        half = size(self.newest) / 2
        return next((r.number for r in reversed(self.records) if size(r.number) <= half), None) if half else None

    @property
    def validation_used(self) -> int:
        """How many validation tasks the gate has drawn."""
        return self.records[-1].validation_used if self.records else 0

    def _propose(self, record: IterationRecord, journal: JournalReader) -> None:
        for key in record.retired:
            self._refuse(key)
        champion = journal.program(record.champion_id)
        for one in record.proposals:
            program = journal.program(one.program_id)
            key = arm_key(program, champion)
            count(self.looks, one.operator, solved=not one.useless)
            if one.useless:
                self.useless[key] = record.number
                continue
            self.arms[key] = Proposed(program, one.description, Arm(one.operator, mended=one.mended, urgent=one.urgent))
            if key != MEMORY:
                self.proposed.add(key)
                self.rivals[key] = program

    def _refuse(self, key: str) -> None:
        known = self.arms.pop(key, None)
        if known is not None:
            self.refused.append(known)

    def _compare(self, record: IterationRecord, journal: JournalReader) -> None:
        for one in record.comparisons:
            if one.kind == "earlier memory":
                self.harms += one.differences
                self.earlier = journal.program(one.program_id).revision
        self.arms, self.beside_raced = self.tried(record.comparisons, lambda id_: journal.program(id_).variant)

    def tried(
        self, comparisons: Iterable[ComparisonRecord], variant_of: Callable[[str], str]
    ) -> tuple[dict[str, Proposed], dict[str, Arm]]:
        """`arms` and `beside_raced` after further comparisons."""
        arms, beside = dict(self.arms), dict(self.beside_raced)
        for one in comparisons:
            variant = variant_of(one.program_id)
            if one.kind == "successor" and variant in arms:
                beside[variant] = beside.get(variant, arms[variant].arm.untried).with_pairs(one.differences)
            if one.kind == "proposal":
                for id_, sign in ((one.program_id, 1), (one.beside_id, -1)):
                    known = arms.get(variant_of(id_))
                    if known is not None:
                        arm = known.arm.with_pairs([sign * d for d in one.differences])
                        arms[known.program.variant] = replace(known, arm=arm)
        return arms, beside

    def _race(self, record: IterationRecord, journal: JournalReader) -> None:
        for gate in record.gates:
            program = journal.program(gate.challenger_id)
            key = arm_key(program, journal.program(gate.champion_id))
            before = self.race.pairs if self.race and self.race.record.number == gate.number else None
            on_train = raced_on_train(journal, record) if before is not None else []
            pairs = (*(before or ()), *on_train, *raced(journal, record.number, gate))
            if gate.open and gate.successor_id:
                successor, champion = journal.program(gate.successor_id), journal.program(gate.champion_id)
                self.arms.pop(key, None)
                self._succeeded(gate, arm_key(successor, champion), successor, pairs)
                continue
            self.race = OpenRace(gate, program, pairs) if gate.open else None
            if gate.open:
                continue
            count(self.operators, gate.operator, solved=gate.outcome == "accept")
            if gate.outcome == "accept":
                self._promoted(program)
            else:
                self._refuse(key)
            self.beside_raced.clear()
        if record.action == "rollback" or record.harmful:
            self._abandon()
        self.harmed = self.harmed or record.harmful

    def _abandon(self) -> None:
        """End what was raced and tried beside a champion that is no longer in force."""
        self.race = None
        self.arms.clear()
        self.beside_raced.clear()
        self.rivals.clear()

    def change(self, record: IterationRecord) -> None:
        """Take in an iteration by hand. After a rollback nothing counts that was found out about the former champion
        and its memory.
        """
        self.by_hand.append(record)
        if record.by_hand and record.by_hand.action == "rollback":
            self._abandon()
            self.harms.clear()
            self.earlier = None

    def _succeeded(self, gate: GateRecord, key: str, program: Program, pairs: Sequence[Pair]) -> None:
        """The proposal of a key takes the place of what is raced, with what the race has shown so far."""
        known = self.arms[key]
        now = replace(gate, operator=known.arm.operator, description=known.description, since=len(pairs))
        self.race = OpenRace(now, program, tuple(pairs))
        self.beside_raced.clear()

    def _promoted(self, program: Program) -> None:
        """Of the proposals those stay that were tried beside the new champion, or made from it."""
        self.useless.clear()
        self.arms = {
            key: replace(known, arm=self.beside_raced.get(key, known.arm.untried))
            for key, known in self.arms.items()
            if key in self.beside_raced or known.program.prompt.parent == program.prompt.id
        }
        self.rivals = {key: known.program for key, known in self.arms.items()}

    def _tally(self, attempt: Attempt, feedback: Feedback, cell: str) -> None:
        if attempt.rung:
            count(self.rungs, attempt.rung, solved=feedback.verified)
            self.rung_rewards[attempt.rung] = self.rung_rewards.get(attempt.rung, Mean()).plus(feedback.reward)
        count(self.tasks, attempt.task_id, solved=feedback.verified)
        count(self.task_cells, cell, solved=feedback.verified)
        self.showings.append(Showing(attempt.exemplar_ids, cell, attempt.program_id, feedback.reward))

    def _by_cell(self, record: IterationRecord, journal: JournalReader) -> None:
        """First answers, as programs give them by themselves."""
        for node in ("attempt", "compare"):
            for _, attempt, feedback in journal.judged(node, record.number):
                if feedback.status.judged and attempt.origin == "attempt" and not attempt.slot and not attempt.rung:
                    cells = self.cells_of.setdefault(journal.program(attempt.program_id).variant, {})
                    cell = journal.task(attempt.task_id).cell
                    cells[cell] = cells.get(cell, Mean()).plus(score(feedback))

    def _drafted(self, draft: Drafted) -> None:
        """Whether an evolved task is kept is known once it was attempted."""
        if draft.refused or draft.expander != EVOL:
            count(self.drafts.setdefault(draft.expander, {}), draft.operator, solved=not draft.refused)

    def _evolved(self, task: Evolved) -> None:
        count(self.drafts.setdefault(task.expander, {}), task.operator, solved=not task.eliminated)
        if not task.eliminated:
            self.evolved.append(task.task)

    def _kind(self, size: int) -> SampleKind:
        """What a sample of an older version is, which had no word for it: their sizes never were the same."""
        return "all" if size == self.sampled else "verified"

    def _measure(self, record: IterationRecord) -> None:
        measured = Diversity.from_json(record.diversity)
        self.measured.append(measured if measured.kind else replace(measured, kind=self._kind(measured.n)))
        action: GuardAction = record.action  # type: ignore[assignment]
        self.actions.append(action)
        if action == "resample":
            self.raised_temperature += RAISE
        elif not record.alarms and "resample" not in self.actions[-2:]:
            self.raised_temperature = 0.0


def count(tallies: dict[str, Tally], key: str, *, solved: bool) -> None:
    """Count one more that was tried."""
    before = tallies.get(key, Tally())
    tallies[key] = Tally(before.tried + 1, before.solved + solved)
