"""Records of a run compared with one another: counts, races, champions and the sealed test, each from its answers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from burnish.agent.loop.policies import choose_policies
from burnish.agent.loop.sealed_test import any_promoted, summarize, why_unraced
from burnish.agent.models.client import digest_of
from burnish.agent.record.by_hand import before_sealed, of_learning
from burnish.agent.record.races import answered, raced, raced_on_train
from burnish.agent.record.run import Run
from burnish.agent.record.seeds import OPENED, commitment, of_older_runs
from burnish.agent.rollouts.evaluate import Judged
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import SETTINGS
from burnish.memory.schema import BY_ITERATION, REPLAYED
from burnish.policies.acceptance import Pair, score
from burnish.records import SEALED, GateRecord, IterationRecord


def wrong_records(run: Run, journal: JournalReader) -> Iterator[str]:
    """Every disagreement in a sentence."""
    iterations = journal.iterations()
    yield from _wrong_settings(run, journal)
    yield from _strays(journal, [record.number for record in iterations])
    yield from _wrong_by_hand(journal, iterations)
    yield from _wrong_counts(journal, iterations)
    yield from _wrong_gates(run, journal, iterations)
    yield from _wrong_evidence(journal, iterations)
    yield from _wrong_successions(journal, iterations)
    yield from _wrong_champions(journal, iterations)
    yield from _wrong_searches(journal)
    yield from _wrong_showings(journal)
    yield from _wrong_programs(journal)
    yield from _wrong_requests(journal)
    yield from _wrong_sealed(run, journal)


def _wrong_settings(run: Run, journal: JournalReader) -> Iterator[str]:
    """Whether the run was made with the configuration that lies beside it, and the sealed tasks it committed to."""
    known, secret = journal.meta("config"), journal.meta(OPENED)
    digest = journal.meta(SETTINGS)
    if journal.is_current and digest is not None and digest != run.place.settings_digest():
        yield f"{run.place.config_file.name} was changed since the run was finished"
    if journal.is_current and known != run.config.fingerprint:
        yield f"{run.place.config_file.name} is not the configuration that the run was made with"
    if journal.begun < REPLAYED and journal.request_of_first_call() is not None:
        yield "the run is said to have begun with an older version, but its first call was written down by this one"
    given = run.config.sealed.seed
    if isinstance(secret, str) and journal.meta("sealed_seed_sha256") != commitment(secret):
        yield "the sealed seed is not the one that was committed to before the first iteration"
    elif isinstance(secret, str) and given is not None and secret != f"given: {given}":
        yield "the sealed seed is not the one that the configuration gives"
    elif secret is None and not journal.is_current:
        if journal.meta("sealed_seed_sha256") != commitment(of_older_runs(run.config)):
            yield "the sealed seed is not the one that was committed to before the first iteration"
    elif secret is None and journal.sealed() is not None:
        yield "the sealed test was opened without the seed that was committed to"


COMMITTED_ALONE = frozenset({"applicants", "deaths", "events", "exemplars", "iterations"})
"""Tables of which rows are written with the commit of an iteration, and so of none else."""


def _strays(journal: JournalReader, committed: Sequence[int]) -> Iterator[str]:
    """Rows of iterations that there never were; of one that was not committed there may be some."""
    for table, (column, _) in BY_ITERATION.items():
        sql = f"SELECT DISTINCT {column} FROM {table}"  # noqa: S608 (names of the schema)
        numbers = {int(str(number)) for (number,) in journal.rows(sql)}
        known = committed if table in COMMITTED_ALONE else range(max(committed, default=-1) + 2)
        wrong = numbers - {*known, *(() if table in COMMITTED_ALONE else (SEALED,))}
        if wrong:
            yield f"the journal has {table} of an iteration {min(wrong)}, which there never was"


def _wrong_programs(journal: JournalReader) -> Iterator[str]:
    """Programs, tasks and attempts whose ids are not the hashes of their content."""
    programs = {str(id_) for (id_,) in journal.rows("SELECT id FROM programs")}
    for id_ in sorted(programs):
        if journal.program(id_).id != id_:
            yield f"program {id_} is not what its id says: its content was changed"
    for id_, task in journal.tasks().items():
        if task.id != id_:
            yield f"task {id_} is not what its id says: its prompt was changed"
    ids = [str(id_) for (id_,) in journal.rows("SELECT id FROM exemplars ORDER BY born, id")]
    for exemplar_id, exemplar in zip(ids, journal.exemplars(), strict=True):
        if exemplar.id != exemplar_id:
            yield f"exemplar {exemplar_id} is not what its id says: its content was changed"
    for node in journal.nodes():
        for iteration, attempt, _ in journal.judged(node):
            if journal.is_current and attempt.program_id and attempt.program_id not in programs:
                yield f"an answer of {node} in iteration {iteration} is of no program that the journal holds"
                break


def _wrong_requests(journal: JournalReader) -> Iterator[str]:
    """Requests that are not those that the keys of calls name."""
    of = str(journal.meta("config") or "")
    for digest in [str(one) for (one,) in journal.rows("SELECT digest FROM requests ORDER BY digest")]:
        written = journal.request(digest)
        if written is None or digest_of(written, of) != digest:
            yield f"request {digest} is not what its digest says: its text was changed"


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
        if after.by_hand is not None:
            yield from _wrong_champion_by_hand(journal, after, before)
            continue
        rolled_back = after.action == "rollback" and after.champion_id in earlier
        champion = journal.program(after.champion_id)
        # Memory that follows makes a new revision of the same program, and harm returns it to an older one.
        newer = champion.revision == after.revision or after.harmful
        followed = champion.variant == expected.variant and newer
        if champion.id != expected.id and not followed and not rolled_back:
            yield f"the champion of iteration {after.number} is not what its gates decided"


def _wrong_champion_by_hand(journal: JournalReader, record: IterationRecord, before: IterationRecord) -> Iterator[str]:
    """A person changes what a program is shown, or goes back to one of an iteration."""
    change = record.by_hand
    to = change.to if change else None
    ids = {r.number: r.champion_id for r in journal.iterations()} if to is not None else {}
    expected = journal.program(before.champion_id if to is None else ids.get(to, ""))
    champion = journal.program(record.champion_id)
    if replace(champion.at(0), dropped=()).id != replace(expected.at(0), dropped=()).id:
        yield f"the champion of iteration {record.number} is not the one that was changed by hand"


def _wrong_by_hand(journal: JournalReader, iterations: Sequence[IterationRecord]) -> Iterator[str]:
    """Changes by hand that are no iteration, and iterations by hand that nobody asked for."""
    asked = [(one.iteration, one.change) for one in changes_by_hand(journal) if one.iteration is not None]
    made = [(record.number, record.by_hand) for record in iterations if record.by_hand]
    for number, change in asked:
        if (number, change) not in made:
            yield f"iteration {number} is not the change by hand that {change.who} asked for"
    for number, change in made:
        if (number, change) not in asked:
            yield f"iteration {number} is said to be a change by hand that nobody asked for"
    if len(asked) != len({number for number, _ in asked}):
        yield "several changes by hand are said to be one iteration"


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


def _wrong_showings(journal: JournalReader) -> Iterator[str]:
    """The indices of attempts, which no record needs but who looks into a run does."""
    shown = (
        "SELECT s.value, a.iteration, a.node, a.place FROM attempts a, json_each(a.body, '$.exemplar_ids') s",
        "SELECT exemplar, iteration, node, place FROM shown",
    )
    answered = (
        "SELECT json_extract(a.body, '$.task_id'), a.iteration, a.node, a.place, json_extract(a.verdict, '$.verified'),"
        " COALESCE(json_extract(t.body, '$.cell'), '')"
        " FROM attempts a LEFT JOIN tasks t ON t.id = json_extract(a.body, '$.task_id')",
        "SELECT task, iteration, node, place, verified, cell FROM answered",
    )
    for name, said in (("what was shown with which task", shown), ("which task was answered", answered)):
        if any(journal.rows(f"{one} EXCEPT {other} LIMIT 1") for one, other in (said, said[::-1])):
            yield f"the index of {name} is not what the answers say"


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
        if not journal.is_current:  # it was decided by the rules of its time
            if not _mean_scores(record, pairs[: record.tasks]):
                yield f"the scores of challenger {record.number} are not what its answers say"
            continue
        decision = of_race.decide(pairs, challenger=record.number, since=since[record.number])
        if record.successor_id:
            since[record.number] = len(pairs)
        if (decision.outcome, decision.n) != (record.outcome, record.tasks):
            yield (
                f"challenger {record.number} was decided {record.outcome} on {record.tasks} tasks, but its answers "
                f"say {decision.outcome} on {decision.n}"
            )
            continue
        same = math.isclose(record.e_value, decision.e_value, rel_tol=1e-9, abs_tol=1e-12)
        if not same or not _mean_scores(record, pairs[: decision.n]):
            yield f"the scores or the e-value of challenger {record.number} are not what its answers say"


def _mean_scores(record: GateRecord, pairs: Sequence[Pair]) -> bool:
    """Whether a race's scores are the means of those of its pairs."""
    n = max(1, len(pairs))
    again = (sum(p.old for p in pairs) / n, sum(p.new for p in pairs) / n)
    said = (record.champion_score, record.challenger_score)
    return all(math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) for x, y in zip(said, again, strict=True))


def _wrong_sealed(run: Run, journal: JournalReader) -> Iterator[str]:
    record = journal.sealed()
    if record is None:
        return
    judged = before_sealed(journal.iterations())
    last = of_learning(judged)[-1]
    arms: dict[str, list[Judged]] = {}
    for name in record.arms:
        arms[name] = [(a, f) for _, a, f in journal.judged(f"sealed {name}", SEALED)]
    arms["champion"] = arms["champion"] or arms["seed"]
    whole = min(len(arms["seed"]), len(arms["champion"]))  # what not both came to answer does not count
    arms |= {name: arms[name][:whole] for name in ("seed", "champion")}
    same = judged[-1].champion_id == judged[0].champion_id
    again = summarize(
        arms,
        same=same,
        collapsed=last.action == "stop",
        iterations=last.number,
        alpha=run.config.sealed.alpha,
        unraced=why_unraced(journal.iterations()),
        promoted=any_promoted(journal.iterations()),
    )
    if not journal.is_current:  # the verdict was reached by the rules of its time
        passes = {name: (arm.passes, arm.tasks) for name, arm in record.arms.items()}
        if passes != {name: (arm.passes, arm.tasks) for name, arm in again.arms.items()}:
            yield "the figures of the sealed test are not what its answers say"
    elif again.verdict != record.verdict:
        yield f"the sealed verdict was {record.verdict!r} ({record.reason}), but its answers say {again.verdict!r}"
    elif again != replace(record, twins=None):
        yield "the figures of the sealed test are not what its answers say"
