"""The filters of an export. They run one after another, and each counts the rows that it removes, by reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from burnish.agent.exports.duplicates import survivors_by_vectors, survivors_by_words
from burnish.agent.exports.rows import Row
from burnish.memory.embedding import Embedder
from burnish.memory.shared_text import SharedText
from burnish.policies.purposes import Purpose, licence_refusal, refusal
from burnish.terms import TermsTable
from burnish.types import Record


@dataclass(frozen=True)
class Count(Record):
    """Rows that went into a filter and came out of it; `taken` says how many went, by reason."""

    filter: str
    before: int
    after: int
    taken: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Sieve:
    """Rows on their way out of a run, and the counts so far."""

    rows: list[Row]
    counts: list[Count] = field(default_factory=list)

    def sift(self, name: str, reason: Callable[[Row], str]) -> None:
        """Take out each row that `reason` has a reason against."""
        reasons = [reason(row) for row in self.rows]
        kept = [row for row, why in zip(self.rows, reasons, strict=True) if not why]
        self.counts.append(Count(name, len(self.rows), len(kept), dict(Counter(why for why in reasons if why))))
        self.rows = kept


def by_terms(
    sieve: Sieve, table: TermsTable, purpose: Purpose, licence: str, *, competing: bool, answers: bool
) -> None:
    """Leave out what its models' terms, or the licence of its tasks, do not allow. Without `answers` who gave them
    does not matter.
    """
    known: dict[str, str] = {}

    def reason(row: Row) -> str:
        models = (*row.authors, *(row.models if answers else ()))
        for model in models:
            if model not in known:
                known[model] = refusal(purpose, table.of(model), model, competing=competing)
        refused = next(filter(None, (known[model] for model in models)), "")
        return refused or licence_refusal(purpose, licence)

    sieve.sift("terms", reason)


def by_verdict(sieve: Sieve) -> None:
    """Leave out what was not found right."""
    sieve.sift("verified", lambda row: "" if row.verified else "not verified")


def by_bar(sieve: Sieve) -> None:
    """Leave out what the run itself would not learn from: plans right by chance, answers to eliminated tasks."""
    if any(row.barred for row in sieve.rows):
        sieve.sift("not to be learned", lambda row: row.barred)


def by_rating(sieve: Sieve, least: float) -> None:
    """Leave out verified answers that the judge rated lower, or not at all. A wrong answer needs no rating."""
    if least > 1:
        sieve.sift("rating", lambda row: _too_low(row, least))


def _too_low(row: Row, least: float) -> str:
    if not row.verified:
        return ""
    if row.rating is None:
        return "not rated"
    return "" if row.rating >= least else f"rated below {least:g}"


def by_likeness(sieve: Sieve, *, words: float, meaning: float, embedder: Embedder) -> None:
    """Of tasks that are nearly the same, but for what is common to many, leave one, by words and then by meaning; then
    of the answers to a task.

    Whichever comes first stays, tasks with a verified answer before others. A threshold of 1 compares nothing.
    """
    solved = {row.task.id for row in sieve.rows if row.verified}
    whole = {row.task.id: row.task.prompt for row in sieve.rows}
    shared = SharedText.of(whole.values())
    firsts = {id_: shared.apart(prompt)[0] for id_, prompt in whole.items()}
    prompts = dict(sorted(firsts.items(), key=lambda item: item[0] not in solved))
    if words < 1:
        kept = survivors_by_words(list(prompts.values()), words)
        prompts = _kept(prompts, kept)
        sieve.sift("tasks alike in words", lambda r: "" if r.task.id in prompts else "task nearly the same as another")
    if meaning < 1 and prompts:
        kept = survivors_by_vectors(embedder.embed(list(prompts.values())), meaning)
        prompts = _kept(prompts, kept)
        sieve.sift(
            "tasks alike in meaning", lambda r: "" if r.task.id in prompts else "task nearly the same as another"
        )
    if words < 1:
        distinct = _distinct(sieve.rows, words)
        sieve.sift("answers alike", lambda row: "" if row.id in distinct else "answer nearly the same as another")


def _kept(prompts: Mapping[str, str], places: Iterable[int]) -> dict[str, str]:
    items = list(prompts.items())
    return dict(items[place] for place in places)


def _distinct(rows: Iterable[Row], threshold: float) -> set[str]:
    """Ids of the answers kept: of those to one task with one verdict that are nearly the same, the first."""
    together: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        together[row.task.id, row.verified].append(row)
    return {
        same[place].id
        for same in together.values()
        for place in survivors_by_words([row.answer for row in same], threshold)
    }


def by_most(sieve: Sieve, most: int) -> None:
    """Leave at most so many right answers to a task and as many wrong ones, the first given; 0 leaves all."""
    if not most:
        return
    found: Counter[tuple[str, bool]] = Counter()

    def reason(row: Row) -> str:
        found[row.task.id, row.verified] += 1
        return f"more than {most} of its task" if found[row.task.id, row.verified] > most else ""

    sieve.sift("answers a task", reason)


def by_balance(sieve: Sieve) -> None:
    """Leave as many tasks of each cell as the smallest has."""
    cells: dict[str, list[str]] = {}
    for task in {row.task.id: row.task for row in sieve.rows}.values():
        cells.setdefault(task.cell, []).append(task.id)
    least = min(map(len, cells.values()), default=0)
    kept = {task for tasks in cells.values() for task in tasks[:least]}
    sieve.sift("balance", lambda row: "" if row.task.id in kept else "more of its cell than of the smallest")
