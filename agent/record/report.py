"""The report of a run, computed from its journal alone; so anyone can compute it again and compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from burnish import __version__
from burnish.agent.record.by_hand import since_sealed
from burnish.agent.record.findings import FirstSuccess, Tried, cut, first_success, obstacles, ways_tried
from burnish.agent.record.forked import forked_from
from burnish.config import RunConfig
from burnish.errors import StorageError
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import head_of
from burnish.policies.involvement import decided, open_questions
from burnish.policies.statistics import Interval, wilson
from burnish.programs import Program
from burnish.records import IterationRecord, Proof, RatingRecord, SealedRecord
from burnish.types import JsonValue, Record, Usage


@dataclass(frozen=True)
class UsageLine(Record):
    """What one role used in one node, over the whole run. Calls whose outcome is unknown count their worst case."""

    node: str
    role: str
    usage: Usage


@dataclass(frozen=True)
class Agreement(Record):
    """How far people agree with the environment on answers of the sealed test that they judge without its verdict.

    Of the answers `asked` about, `judged` have a verdict of both. The environment was `too_strict` where it refused
    what people found right, and `too_lax` where it verified what they found wrong. `share` is that of the others, with
    Wilson's interval; None as long as nothing is judged.
    """

    asked: int
    judged: int
    too_strict: int
    too_lax: int
    share: Interval | None


FREQUENT = 3
"""Lines of feedback that a report names."""


@dataclass(frozen=True)
class Report(Record):
    """All a run has to say. `seconds` is the wall clock of all sittings; the rest is the same at every replay.

    Of its `attempts`, `cut_off` reached `decoding.max_tokens`; `feedback` is what the environment said most often of
    those not verified, by its first line, and how often. `live` says that the environment was an object that has no
    name to load it by, `changed` which files of its code were changed between two sittings. `started_from` is the
    program file that the run began with, or the run that it was forked from. `agreement` is there where people judge a
    sample of the sealed test. `waiting` counts questions to people that are open, `judged` the answers of which people
    said whether they may be learned, and `overruled` those of which the environment had said otherwise. `first_success`
    is the first verified attempt, `tried` are the ways in which answers were asked for, and `obstacles` say what stands
    in the way of learning. `exemplars_remembered` are remembered, and `exemplars_shown` those of them that the champion
    may show. `calls` are those up to the end of each iteration. `head` is the end of the chain of hashes over the
    journal. `since_sealed` are the iterations by hand after the sealed test, whose verdict is not one on the champion
    then.
    """

    version: str
    environment: str
    model: str
    seed: int
    finished: bool
    stopped: str
    sealed: SealedRecord | None
    sealed_seed_sha256: str
    iterations: tuple[IterationRecord, ...]
    champion: Program
    seed_program: Program
    exemplars_remembered: int
    exemplars_ever: int
    exemplars_shown: int
    refused: Mapping[str, int]
    rating: RatingRecord | None
    usage: tuple[UsageLine, ...]
    total: Usage
    seconds: float
    sandbox: str = ""
    attempts: int = 0
    cut_off: int = 0
    feedback: tuple[tuple[str, int], ...] = ()
    live: bool = False
    changed: tuple[str, ...] = ()
    started_from: str = ""
    proofs: tuple[Proof, ...] = ()
    agreement: Agreement | None = None
    waiting: int = 0
    judged: int = 0
    overruled: int = 0
    first_success: FirstSuccess | None = None
    tried: tuple[Tried, ...] = ()
    obstacles: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()
    head: str = ""
    since_sealed: tuple[int, ...] = ()

    def to_json(self) -> dict[str, JsonValue]:
        """See `Record.to_json`; where nobody changed anything since the sealed test, it does not mention that."""
        said = super().to_json()
        return said if self.since_sealed else {name: value for name, value in said.items() if name != "since_sealed"}

    @property
    def verdict(self) -> str:
        """The verdict, or "unfinished"."""
        return self.sealed.verdict if self.sealed else "unfinished"

    def same_outcome(self, other: Report) -> bool:
        """Whether both came to the same, at whatever cost: a call lost in a crash is paid, and asked, twice."""
        return _costless(self) == _costless(other)


def said_verdict(journal: JournalReader) -> str:
    """The verdict of the sealed test, and whether it is one on what is in force now; empty before it was opened."""
    sealed = journal.sealed()
    if sealed is None:
        return ""
    return f"{sealed.verdict}{', changed by hand since' if since_sealed(journal.iterations()) else ''}"


def not_begun(journal: JournalReader) -> str:
    """What is said of a run in which nothing is committed yet."""
    return (
        f"the run has not begun yet; look again in a few seconds, or `burnish resume {journal.path.parent}` starts it"
    )


def finished(config: RunConfig, journal: JournalReader) -> bool:
    """Whether a run has come to its end: its sealed test is opened, and what was to be proved is."""
    return journal.sealed() is not None and (not config.proofs or journal.meta("proofs") is not None)


def make_report(config: RunConfig, journal: JournalReader) -> Report:
    """The report as of now; for an unfinished run, of what is committed."""
    iterations = tuple(journal.iterations())
    if not iterations:
        raise StorageError(not_begun(journal))
    exemplars = journal.exemplars()
    by_place: dict[tuple[str, str], Usage] = {}
    for spent in journal.spent_by():
        place = (spent.node, spent.role)
        by_place[place] = by_place.get(place, Usage()) + spent.usage
    champion, seed = journal.program(iterations[-1].champion_id), journal.program(iterations[0].champion_id)
    stopped, commitment = journal.meta("stopped"), journal.meta("sealed_seed_sha256")
    refused: Counter[str] = Counter()
    for record in iterations:
        refused.update(record.refused)
    judged = [item for item in journal.judged("attempt") if item[0] <= iterations[-1].number]
    said = Counter(f.text.splitlines()[0] for _, _, f in judged if not f.verified and f.text)
    seconds, sandbox, sealed = journal.meta("seconds"), journal.meta("sandbox"), journal.sealed()
    return Report(
        version=__version__,
        environment=config.environment,
        model=config.models.task.name or config.models.task.file or config.models.task.url,
        seed=config.seed,
        finished=finished(config, journal),
        stopped=stopped if isinstance(stopped, str) else "",
        sealed=sealed,
        sealed_seed_sha256=commitment if isinstance(commitment, str) else "",
        iterations=iterations,
        champion=champion,
        seed_program=seed,
        exemplars_remembered=sum(e.alive(iterations[-1].revision) for e in exemplars),
        exemplars_ever=len(exemplars),
        exemplars_shown=sum(champion.shows(e) for e in exemplars),
        refused=dict(refused),
        rating=iterations[-1].rating,
        usage=tuple(UsageLine(node, role, usage) for (node, role), usage in sorted(by_place.items())),
        total=journal.spent(),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        sandbox=sandbox if isinstance(sandbox, str) else "",
        attempts=len(judged),
        cut_off=sum(attempt.truncated for _, attempt, _ in judged),
        feedback=tuple(said.most_common(FREQUENT)),
        live=journal.meta("live") is True,
        started_from=forked_from(journal) or _program_file(journal.meta("program")),
        first_success=first_success(judged),
        tried=ways_tried(judged),
        obstacles=(
            *(map(str, broken) if isinstance(broken := journal.meta("broken"), list) else ()),
            *obstacles(judged, tasks=len({a.task_id for _, a, _ in judged}), refused=refused),
            *cut(journal.events()),
        ),
        calls=tuple(accumulate(journal.calls_of(record.number) for record in iterations)),
        changed=tuple(map(str, changed)) if isinstance(changed := journal.meta("changed"), list) else (),
        proofs=_proofs(journal.meta("proofs")),
        agreement=_agreement(journal),
        head=head_of(journal),
        since_sealed=tuple(record.number for record in since_sealed(iterations)),
        **people(journal),
    )


def _program_file(facts: JsonValue) -> str:
    if not isinstance(facts, dict):
        return ""
    return f"a program file, SHA-256 {facts['hash']}{', edited by hand' if facts['edited'] else ''}"


def _proofs(known: JsonValue) -> tuple[Proof, ...]:
    return tuple(Proof.from_json(one) for one in known if isinstance(one, dict)) if isinstance(known, list) else ()


def people(journal: JournalReader) -> dict[str, int]:
    """How many questions are open, and what people said of answers that might be learned."""
    questions, decisions = journal.questions(), journal.decisions()
    settled = decided(decisions)
    judged = [(q, settled[q.id]) for q in questions if q.kind == "judge" and q.id in settled]
    return {
        "waiting": len(open_questions(questions, decisions)),
        "judged": len(judged),
        "overruled": sum(q.verified is not (d.action != "reject") for q, d in judged),
    }


def _agreement(journal: JournalReader) -> Agreement | None:
    """None where people are not asked about the sealed test."""
    questions = [question for question in journal.questions() if question.kind == "evaluate"]
    if not questions:
        return None
    said = {id_: decision.action == "accept" for id_, decision in decided(journal.decisions()).items()}
    answers = {q.id: q.attempt_id for q in questions if q.id in said}
    verdicts = {id_: f.verified for id_, f in journal.verdicts(answers.values()).items() if f.status.judged}
    pairs = [(said[question], verdicts[id_]) for question, id_ in answers.items() if id_ in verdicts]
    agreed = sum(person == environment for person, environment in pairs)
    return Agreement(
        asked=len(questions),
        judged=len(pairs),
        too_strict=sum(person and not environment for person, environment in pairs),
        too_lax=sum(environment and not person for person, environment in pairs),
        share=wilson(agreed, len(pairs)) if pairs else None,
    )


def _costless(report: Report) -> dict[str, JsonValue]:
    """The report's JSON without what it cost in time, calls and tokens."""
    return {k: v for k, v in report.to_json().items() if k not in {"seconds", "usage", "total", "calls", "head"}}
