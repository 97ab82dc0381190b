"""Operators that change a program without a model: memory, bank, settings, exemplars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from proposing import SEED, exemplar, propose, with_section

from burnish.agent.operators.bank import BANK, BankOperator
from burnish.agent.operators.exemplars import ExemplarsOperator
from burnish.agent.operators.memory import MemoryOperator
from burnish.agent.operators.settings import SettingsOperator

MANY = [exemplar(n) for n in range(12)]
NOW = replace(SEED, revision=3)


def test_memory_is_proposed_when_it_has_grown_enough() -> None:
    (grown,) = propose(MemoryOperator(), base=NOW, exemplars=MANY, known_before=8).proposals
    assert (grown.program, grown.urgent) == (NOW, True)
    assert propose(MemoryOperator(), base=NOW, exemplars=MANY, known_before=9).proposals == []
    assert propose(MemoryOperator(), exemplars=MANY).proposals == []


@pytest.mark.parametrize("seed", range(12))
def test_the_bank_proposes_another_style_than_the_one_there_is(seed: int) -> None:
    (first,) = propose(BankOperator(), seed=seed).proposals
    assert first.program.prompt.text("style") in BANK
    styled = with_section("style", BANK[0])
    (other,) = propose(BankOperator(), base=styled, seed=seed).proposals
    assert other.program.prompt.text("style") != BANK[0]


@pytest.mark.parametrize("seed", range(12))
def test_settings_change_one_thing_by_one_step(seed: int) -> None:
    (made,) = propose(SettingsOperator(), base=NOW, exemplars=MANY, seed=seed).proposals
    before = {**NOW.retrieval.to_json(), **NOW.decoding.to_json()}
    after = {**made.program.retrieval.to_json(), **made.program.decoding.to_json()}
    assert len([key for key in before if before[key] != after[key]]) == 1
    assert made.program.retrieval.k <= len(MANY)
    assert made.program.prompt == NOW.prompt


@pytest.mark.parametrize("seed", range(6))
def test_without_exemplars_only_decoding_is_changed(seed: int) -> None:
    (made,) = propose(SettingsOperator(), seed=seed).proposals
    assert made.program.retrieval == SEED.retrieval


def test_the_harmful_and_one_drawn_at_random_are_left_out() -> None:
    useful = {e.id: 0.1 * n - 0.05 for n, e in enumerate(MANY)}
    worst, swap = propose(ExemplarsOperator(), base=NOW, exemplars=MANY, usefulness=useful).proposals
    assert worst.program.dropped == (MANY[0].id,)
    assert len(swap.program.dropped) == 1
    assert swap.program.dropped[0] in useful


def test_too_few_exemplars_are_left_alone() -> None:
    assert propose(ExemplarsOperator(), base=NOW, exemplars=MANY[: NOW.retrieval.k]).proposals == []


def test_what_was_left_out_before_stays_out_and_is_not_drawn_again() -> None:
    base = replace(NOW, dropped=tuple(sorted(e.id for e in MANY[:6])))
    (swap,) = propose(ExemplarsOperator(), base=base, exemplars=MANY).proposals
    assert set(base.dropped) < set(swap.program.dropped)
    assert len(swap.program.dropped) == 7
