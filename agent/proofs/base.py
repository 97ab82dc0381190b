"""What a prover is, and what it may use."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from burnish.agent.models.calls import Caller, Place
from burnish.agent.record.history import History
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.answering import Pick, Recall, Search, Trial
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.rollout import Rollout, sampling_seed
from burnish.config import RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.memory.embedding import Embedder
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.memory.store import Memory
from burnish.policies.constitution import Principle
from burnish.policies.statistics import Interval, compare, holm, p_value
from burnish.programs import Program
from burnish.records import SEALED, Proof
from burnish.types import JsonValue, Task


@dataclass(frozen=True)
class Stage:
    """A run whose sealed test has been opened, as provers see it. What they ask is journalled and paid for.

    `meaning` embeds texts; `recall` and `pick` say what the run's programs are shown and which of several answers they
    give. `forming` says that attempts of a search are held to the form of answers.
    """

    config: RunConfig
    environment: GuardedEnvironment
    written: Journal
    """Where what provers ask is kept; they read `journal`."""
    caller: Caller
    memory: Memory
    meaning: Embedder
    past: History
    champion: Program
    seed_program: Program
    principles: Sequence[Principle]
    recall: Recall
    pick: Pick
    forming: bool
    forms: AnswerForms

    @property
    def journal(self) -> JournalReader:
        """What the run did."""
        return self.written

    def keep(self, **facts: JsonValue) -> None:
        """Keep facts of the whole run, by name."""
        self.written.set_meta(**facts)

    def rng(self, purpose: str) -> np.random.Generator:
        """The random numbers of one purpose, the same at every replay."""
        return np.random.default_rng([self.config.seed, zlib.crc32(f"proof {purpose}".encode())])

    def sealed(self, arm: str) -> list[Judged]:
        """The judged answers of an arm of the sealed test, in the order of its tasks."""
        return [(a, f) for _, a, f in self.journal.judged(f"sealed {arm}", SEALED)]

    def rollout(self, recall: Recall | None = None) -> Rollout:
        """Has programs answer; with another `recall` they are shown other exemplars."""
        shown = recall or self.recall
        return Rollout(self.caller, self.written, self.environment, shown, SEALED, self.pick, self.forms)

    async def evaluate(
        self, name: str, program: Program, tasks: Sequence[Task], recall: Recall | None = None
    ) -> list[Judged]:
        """A program's answers to tasks, judged, in their order."""
        (judged,) = await self.rollout(recall).evaluate(f"proof {name}", [program], tasks)
        return judged

    async def sample(self, name: str, program: Program, tasks: Sequence[Task], samples: int) -> list[list[Judged]]:
        """`samples` answers to each task at the temperature of the attempts, judged."""
        sampling = self.config.sampling
        return await self._tried(
            name, program, tasks, samples, temperature=sampling.temperature, top_p=sampling.top_p, search=None
        )

    async def formed(self, name: str, program: Program, tasks: Sequence[Task]) -> list[Judged]:
        """An answer to each task as the program gives it, held to the form of answers where attempts are, judged."""
        search = Search("form") if self.forming else None
        rows = await self._tried(name, program, tasks, 1, temperature=None, top_p=None, search=search)
        return [judged for (judged,) in rows]

    async def without(self, name: str, origin: str) -> list[Judged] | None:
        """The champion's answers to the sealed tasks without the exemplars of one origin, judged: its ablation. None
        where it shows no such exemplar, or the sealed test has no champion.
        """
        champion, sealed = self.champion, self.sealed("champion")
        learned = [e.id for e in self.memory.at(champion.revision) if e.origin == origin and champion.shows(e)]
        if not learned or not sealed:
            return None
        bare = replace(champion, dropped=tuple(sorted({*champion.dropped, *learned})))
        return await self.evaluate(name, bare, [self.journal.task(a.task_id) for a, _ in sealed])

    async def _tried(
        self,
        name: str,
        program: Program,
        tasks: Sequence[Task],
        samples: int,
        *,
        temperature: float | None,
        top_p: float | None,
        search: Search | None,
    ) -> list[list[Judged]]:
        node = f"proof {name}"
        seed = int(self.rng(name).integers(2**31 - 1))
        trials = [
            Trial(
                program,
                task,
                recalled,
                Place(node, task.id, slot),
                temperature=temperature,
                top_p=top_p,
                search=search,
                seed=sampling_seed(seed, place=place, slot=slot),
            )
            for place, (task, recalled) in enumerate(zip(tasks, self.recall(program, tasks), strict=True))
            for slot in range(samples)
        ]
        await self.written.add_tasks(SEALED, tasks)
        judged = await self.rollout().judged(node, trials)
        return [judged[i * samples : (i + 1) * samples] for i in range(len(tasks))]


class Prover(Protocol):
    """Measures the claim of a method on a run."""

    name: str
    calls: int
    """Answers it asks for at most; what they may cost is kept from the iterations."""
    arms: int
    """Times it has all sealed tasks answered, besides."""

    async def prove(self, stage: Stage) -> list[Proof]:
        """The proofs; one whose `passed` is None where the run has nothing to measure."""
        ...


def counted(method: str, claim: str, interval: Interval, *, passed: bool, detail: str) -> Proof:
    """A proof that needs no statistics: all cases are looked at, and `passed` says what was seen."""
    return Proof(method, claim, interval.estimate, interval.lower, interval.upper, passed, detail)


Bound = float | Callable[[float], float]
"""What an interval has to lie beyond; one that is estimated itself is given by confidence level."""


def measured(
    method: str,
    claim: str,
    interval: Callable[[float], Interval],
    detail: str,
    *,
    above: Bound | None = None,
    below: Bound | None = None,
    resampled: int | None = None,
) -> Proof:
    """A claim that holds where an interval, given by confidence level, lies `above` a bound, or `below` one.

    Of an interval from `resampled` cases the p-value is no smaller than a sign test on them can have: where there are
    few, and all alike, a bootstrap has no width.
    """

    def beyond(level: float) -> bool:
        found = interval(level)
        low, high = (bound(level) if callable(bound) else bound for bound in (above, below))
        return (low is None or found.lower > low) and (high is None or found.upper < high)

    p = p_value(beyond)
    if resampled is not None:
        p = max(p, min(1.0, 2.0 ** (1 - resampled)))
    shown = interval(0.95)
    return Proof(method, claim, shown.estimate, shown.lower, shown.upper, p <= ALPHA, detail, p)


def difference(
    method: str, claim: str, before: Sequence[Judged], after: Sequence[Judged], detail: str, *, above: float = 0.0
) -> Proof:
    """A claim on the change in pass rate between two programs on the same tasks."""
    passes = [[f.verified for _, f in judged] for judged in (before, after)]
    found = compare(*passes)
    said = f"{found.before} and {found.after} of {found.n}, {detail}"
    return measured(method, claim, lambda level: compare(*passes, level=level).difference, said, above=above)


def corrected(proofs: Sequence[Proof]) -> list[Proof]:
    """The same proofs, passed or not with regard to how many claims there are (Holm 1979)."""
    claims = [proof for proof in proofs if proof.p is not None]
    adjusted = iter(holm([proof.p for proof in claims if proof.p is not None]))
    return [proof if proof.p is None else replace(proof, passed=next(adjusted) <= ALPHA) for proof in proofs]


ALPHA = 0.05
"""Significance of the claims of a run, all together."""

MARGIN = 0.1
"""How much worse something may be that is said to be no worse: the interval of the difference has to lie above."""


def missing(method: str, claim: str, what: str) -> Proof:
    """A proof that could not be made, for want of something to measure."""
    return Proof(method, claim, None, None, None, None, what)
