"""The card of an export, made from its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from burnish import __version__
from burnish.agent.exports.card import Card, Generator, Method
from burnish.agent.exports.filters import Sieve
from burnish.agent.exports.formats import Item
from burnish.agent.exports.options import ExportOptions
from burnish.agent.exports.provenance import Papers, generators_of
from burnish.agent.exports.rows import Row
from burnish.agent.record.report import said_verdict
from burnish.agent.record.run import Run
from burnish.memory.embedding import Embedder
from burnish.memory.journal_reader import JournalReader
from burnish.policies.diversity import distinct_n, mean_cosine_distance, self_bleu, vendi_score
from burnish.policies.purposes import strictest
from burnish.terms import TermsTable

DIVERSITY_SAMPLE = 1000
"""Prompts of which the card gives the diversity."""


def card_of(
    run: Run,
    journal: JournalReader,
    options: ExportOptions,
    sieve: Sieve,
    items: Sequence[Item],
    *,
    table: TermsTable,
    papers: Papers,
    embedder: Embedder,
) -> Card:
    """All that the card says but for the files, which are not written yet."""
    rows = list({row.id: row for item in items for row in item.rows}.values())
    by_model = Counter(model for row in rows for model in generators_of(row))
    return Card(
        format=options.format,
        purpose=options.purpose,
        environment=rows[0].task.environment,
        licence=papers.licence,
        provenance=papers.provenance,
        generators=tuple(Generator(model, count, table.of(model)) for model, count in by_model.most_common()),
        training=strictest(table.of(model) for model in by_model),
        counts=tuple(sieve.counts),
        tasks=len({row.task.id for row in rows}),
        cells=dict(Counter(row.task.cell for row in rows).most_common()),
        methods=_methods(rows),
        diversity=_diversity([row.task.prompt for row in rows], embedder, run.config.seed),
        example=items[0].record,
        verdict=said_verdict(journal) or "the sealed test is not opened yet",
        iterations=journal.iterations()[-1].number,
        sealed_seed_sha256=str(journal.meta("sealed_seed_sha256")),
        version=__version__,
        command=options.command(run.place.path.name),
    )


def _methods(rows: Sequence[Row]) -> tuple[Method, ...]:
    counts = Counter((row.tag, row.origin, row.task.operator, row.level) for row in rows)
    return tuple(Method(*method, rows=number) for method, number in counts.most_common())


def _diversity(prompts: Sequence[str], embedder: Embedder, seed: int) -> dict[str, float]:
    """Of at most `DIVERSITY_SAMPLE` prompts, drawn with the seed of the run."""
    texts = list(dict.fromkeys(prompts))
    drawn = np.random.default_rng(seed).permutation(len(texts))[:DIVERSITY_SAMPLE]
    sample = [texts[i] for i in sorted(drawn.tolist())]
    vectors = embedder.embed(sample)
    return {
        "prompts measured": len(sample),
        "Vendi score": vendi_score(vectors),
        "mean cosine distance": mean_cosine_distance(vectors),
        "distinct-1": distinct_n(sample, 1),
        "distinct-2": distinct_n(sample, 2),
        "self-BLEU-4": self_bleu(sample),
    }
