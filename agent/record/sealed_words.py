"""What a sealed test says beside its verdict, in sentences."""

from __future__ import annotations

from burnish.records import BASELINES, DRAWN, IN_FORM, NEAREST, SealedRecord, TwinRecord

WORDS = {
    "seed": "the seed program",
    IN_FORM: "the seed with its answers in form",
    DRAWN: "the seed with exemplars drawn once",
    NEAREST: "the nearest verified answer, with no model",
}
MANY_TWINS = 0.1
"""Share of sealed tasks with a near-twin in memory from which on a report warns of them."""


def over_baselines(sealed: SealedRecord) -> str:
    """What the gain is over the best that needs no learning."""
    known = {"seed": sealed.difference} | {n: c.difference for n, c in sealed.controls.items() if n in BASELINES}
    best = min(known, key=known.__getitem__)
    control = sealed.controls.get(best)
    p = f" (p = {control.p_value:.2g})" if control else ""
    return (
        f"Compared with the best that needs no learned program, {WORDS.get(best, f'the {best}')}: {known[best]:+.3f}{p}"
    )


def about_twins(twins: TwinRecord) -> str:
    """How many sealed tasks memory all but holds, and the sealed test without them."""
    raced = f", and {twins.validation_twins} of {twins.validation} that races used" if twins.validation else ""
    said = f"Near-twins in memory: {len(twins.sealed)} of {twins.tasks} sealed tasks{raced}"
    if not twins.sealed:
        return said
    said += f"; without them seed {twins.seed}, champion {twins.champion} of {twins.left} (p = {twins.p_value:.2g})"
    if twins.share > MANY_TWINS:
        said += ". What is gained may be copied: pose tasks that differ more, or read the figures without twins"
    return said
