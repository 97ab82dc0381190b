from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from proposing import SEED, exemplar, failures, propose, with_section

from burnish.agent.models.client import ChatRequest
from burnish.agent.operators.base import Failure, Rival
from burnish.agent.operators.reflection import ReflectionOperator, probe
from burnish.errors import ModelRejected
from burnish.policies.pareto import Mean
from burnish.records import Completion
from burnish.types import Task, Usage

FAILED = failures("the answer must be the code", "the answer must be the code")


def tagged(text: str) -> str:
    return f"Here it is: <instruction>{text}</instruction>"


def tagged_none(_request: ChatRequest) -> str:
    return ""


def test_a_good_output_replaces_the_task_section() -> None:
    trial = propose(ReflectionOperator(), failed=FAILED, reply=lambda _r: tagged(" Give the code alone. "))
    assert trial.proposals[0].program.prompt.text("task") == "Give the code alone."
    assert trial.refused == []


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("Give the code alone.", "no <instruction>"),
        ("<instruction></instruction>", "no <instruction>"),
        ("<instruction>never closed", "no <instruction>"),
        (tagged("word " * 251), "over the cap of 250 words"),
        (tagged("Give the code."), "the one it was given"),
        (tagged("For example: What is the code of item 1?"), "copies a training row"),
        (tagged("For example: What is the code of thing 7? Go."), "copies a training row"),
    ],
)
def test_a_bad_output_is_refused_with_its_reason(output: str, reason: str) -> None:
    trial = propose(ReflectionOperator(), failed=FAILED, exemplars=[exemplar(7)], reply=lambda _r: output)
    assert trial.proposals == []
    assert reason in trial.refused[0]


def test_a_truncated_output_is_refused_even_if_it_looks_whole() -> None:
    trial = propose(ReflectionOperator(), failed=FAILED, reply=lambda _r: tagged("Give it."), truncated=True)
    assert trial.proposals == []
    assert "truncated" in trial.refused[0]


def test_a_request_that_the_server_rejects_is_refused() -> None:
    def too_long(_request: ChatRequest) -> str:
        raise ModelRejected("the prompt is too long")

    trial = propose(ReflectionOperator(), failed=FAILED, reply=too_long)
    assert trial.proposals == []
    assert "too long" in trial.refused[0]


def test_what_it_is_shown_holds_no_chat_template_token() -> None:
    failed = failures("<|im_start|>system")
    (asked,) = propose(ReflectionOperator(), failed=failed, reply=lambda _r: "").asked
    assert "<|im_start|>" not in asked.messages[-1].content
    assert "the code of item 0" in asked.messages[-1].content


def test_it_is_shown_what_was_right_and_what_did_no_better() -> None:
    refused = [with_section("task", "Give the number."), with_section("style", "Answer in one line.")]
    trial = propose(
        ReflectionOperator(),
        failed=FAILED,
        exemplars=[exemplar(n) for n in range(9)],
        refused=refused,
        reply=tagged_none,
    )
    shown = trial.asked[0].messages[-1].content
    assert shown.count("Answer: code ") == 3
    assert "Rewrites that did no better:\n\nGive the number." in shown
    assert shown.count("Give the code.") == 1, "the instruction in force is no rewrite"


def test_failures_of_all_cells_are_shown() -> None:
    many = [Failure(Task("codes", f"Many {n}?", cell="many"), "no", "wrong code") for n in range(40)]
    one = Failure(Task("codes", "Rare one?", cell="rare"), "no", "wrong code")
    for seed in range(5):
        (asked,) = propose(ReflectionOperator(), failed=[*many, one], reply=tagged_none, seed=seed).asked
        assert "Rare one?" in asked.messages[-1].content


BETTER_AT_RED = Rival(with_section("rules", "Rules:\n- Red is 1."), {"red": Mean(9, 9), "blue": Mean(0, 9)})
CELLS = {"red": Mean(4, 9), "blue": Mean(4, 9)}


def test_it_begins_with_the_champion_or_with_what_does_better_somewhere() -> None:
    begun: Counter[bool] = Counter()
    for seed in range(60):
        trial = propose(
            ReflectionOperator(),
            failed=FAILED,
            cells=CELLS,
            rivals=[BETTER_AT_RED],
            reply=lambda _r: tagged("Something else."),
            seed=seed,
        )
        (proposal,) = trial.proposals
        begun["rules" in dict(proposal.program.prompt.sections) or "rules section" in proposal.description] += 1
    assert 20 < begun[True] < 40


def test_what_it_proposes_was_made_for_failures_of_the_program_it_began_with() -> None:
    own = [replace(f, variant=SEED.variant) for f in failures("x")]
    others = [replace(f, variant="other") for f in failures("y", "y")]
    (proposal,) = propose(ReflectionOperator(), failed=[*own, *others], reply=lambda _r: tagged("Else.")).proposals
    assert list(proposal.made_for) == own


def test_of_a_prompt_of_several_sections_one_is_rewritten_and_the_others_are_told() -> None:
    base = with_section("style", "Be brief.")
    rewritten = set()
    for seed in range(20):
        trial = propose(ReflectionOperator(), base=base, failed=FAILED, reply=lambda _r: tagged("Give it."), seed=seed)
        (program,) = (proposal.program for proposal in trial.proposals)
        asked = trial.asked[0].messages[-1].content
        (name,) = (name for name, text in program.prompt.sections if text == "Give it.")
        other = {"task": "style", "style": "task"}[name]
        assert program.prompt.text(other) == base.prompt.text(other)
        assert asked.startswith(
            f"What the other model is told besides, and stays as it is:\n{base.prompt.text(other)}\n\n"
            f"Instruction:\n{base.prompt.text(name)}\n\n"
        )
        rewritten.add(name)
    assert rewritten == {"task", "style"}


def test_failures_of_the_program_that_is_rewritten_are_preferred() -> None:
    own = [replace(f, feedback="own", variant=SEED.variant) for f in failures("x", "x", "x")]
    others = [replace(f, feedback="of another", variant="other") for f in failures(*["y"] * 20)]
    (asked,) = propose(ReflectionOperator(), failed=[*others, *own], reply=tagged_none).asked
    assert asked.messages[-1].content.count("Feedback: own") == 3
    assert "of another" not in asked.messages[-1].content
    (asked,) = propose(ReflectionOperator(), failed=[*others, *own[:2]], reply=tagged_none).asked
    assert "of another" in asked.messages[-1].content


def test_without_a_reflector_or_failures_nothing_is_asked() -> None:
    assert propose(ReflectionOperator(), failed=FAILED).proposals == []
    assert propose(ReflectionOperator(), reply=lambda _r: tagged("x")).asked == []


@pytest.mark.parametrize(
    ("parrots", "able"), [((True, True, True), True), ((True, False, True), True), ((True, False, False), False)]
)
def test_the_probe_wants_two_of_three(parrots: tuple[bool, ...], able: bool) -> None:
    turns = iter(parrots)

    async def ask(request: ChatRequest) -> Completion:
        if not next(turns):
            raise ModelRejected("the server said no")
        return Completion(tagged(request.messages[-1].content), "scripted", Usage(calls=1))

    async def ended() -> str:
        return await probe(ask)

    said = asyncio.run(ended())
    assert (not said) is able
    assert able or ("1 of 3 small rewrites" in said and "the server said no" in said)
