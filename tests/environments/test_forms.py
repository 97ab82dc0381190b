"""Forms: what a model is held to matches them, as the library that obeys grammars has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.environments.forms import LONGEST, MOST_LISTED, form_grammar, form_of, has_form, listed
from burnish.types import Message

HELD = [
    "<answer>(Yes|No)</answer>",
    r"\d{4}-\d{2}-\d{2}",
    r"(?i)yes!|no",
    r"[^\s]{2,5}x*?\.?",
    r"é[\^a-c\-\]]{3,6}",
    r"^[+-]?\d{1,3}(\.\d{1,2}?)?$",
    r'"\n\\[^"]',
    r"[A-Z]\w{1,8} \S{3}",
    r"(?:up|down)(?:, (?:up|down)){1,2}",
    r"[^a-z🙂]🙂.",
    r"(?s)[a-c]\n.{2}",
    r"(?i:ab)(?-i:cd)[0-9]",
    r"(?i)[a-cX-Z]{6}",
]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(model_file(None), slots=1) as running:
        yield running


@pytest.mark.parametrize("form", HELD)
@pytest.mark.thorough
def test_what_the_model_writes_has_the_form(server: EmbeddedServer, form: str) -> None:
    written = set()
    for seed in range(4):
        request = ChatRequest(
            (Message("user", "Say something."),), 60, temperature=1.5, seed=seed, grammar=form_grammar(form)
        )
        reply = httpx.post(f"{server.base_url}/chat/completions", json=request.body(""), timeout=60)
        assert reply.status_code == 200, reply.text
        (choice,) = reply.json()["choices"]
        if choice["finish_reason"] == "stop":
            written.add(choice["message"]["content"])
    assert written
    assert [text for text in written if not has_form(text, form)] == []


def test_the_empty_form_is_no_grammar() -> None:
    assert form_grammar("") == ""


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("(a", "is no regular expression"),
        ("(?u)a", "is no regular expression"),
        ("(" * 20_000, "nested too deeply"),
        ("(?=1)a", "uses look-around"),
        (r"(a)\1", "uses a back reference"),
        (r"a\b", "uses a boundary of words"),
        (r"[\Sa]", "mixes a class"),
    ],
)
def test_what_no_grammar_holds_to_is_refused(form: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        form_grammar(form)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=20))
def test_a_guessed_form_is_that_of_every_answer(answers: list[str]) -> None:
    form = form_of(answers)
    if form:
        form_grammar(form)
        assert all(has_form(answer, form) for answer in answers)
    else:
        assert any(not answer.strip() for answer in answers)


@pytest.mark.parametrize(
    ("answers", "form"),
    [
        (["Yes", "No"] * 4, "No|Yes"),
        ([str(number) for number in range(9)] * 4, "[0-9]"),
        ([f"2026-11-{day}" for day in range(10, 20)], r"[0-9]{4}\-[0-9]{2}\-[0-9]{2}"),
        (["Ann", "Bartholomew", "Eve"], "[A-Z]{1,2}[a-z]{1,20}"),
        (["-5", "-7", "-10", "17", "230", "4"], r"\-[0-9]{1,4}|[0-9]{1,6}"),
        (["Yes", "No"], "[A-Za-z]{1,6}"),
        (["a-b", "c.", "x y", "A!"], r"[\ !\-\.A-Za-z]{1,6}"),
        ([], ""),
        (["a", " "], ""),
        (["a" * (LONGEST + 1)], ""),
    ],
)
def test_few_words_are_listed_and_runs_of_characters_stand_for_any(answers: list[str], form: str) -> None:
    assert form_of(answers) == form


def test_many_words_are_not_listed() -> None:
    words = [f"{letter}x" for letter in "abcdefghijk"][: MOST_LISTED + 1] * 4
    assert form_of(words) == "[a-z]{2}"


@pytest.mark.parametrize("form", ["(?i)[a-c]", "(?i)[A-C]", "(?i)[Z-b]"])
def test_where_case_does_not_count_a_range_is_of_both_cases(form: str) -> None:
    held = form_grammar(form).removeprefix("root ::= ")  # such a class means the same in a regular expression
    assert all(re.fullmatch(held, letter) for letter in "AaBb")
    assert not re.fullmatch(held, "m")


@pytest.mark.parametrize(
    ("form", "answers"),
    [
        ("yes|no", ("yes", "no")),
        ("cooking|cool|music", ("cooking", "cool", "music")),
        ("[ab]c|d", ("ac", "bc", "d")),
        ("(?:left|right) (?:up|down)", ("left up", "left down", "right up", "right down")),
        ("", ()),
        ("[0-9]+", ()),
        ("a?", ()),
        ("(?i:yes)|no", ()),
        ("[^a]", ()),
        ("|".join(map(str, range(17))), ()),
    ],
)
def test_the_answers_that_a_form_lists(form: str, answers: tuple[str, ...]) -> None:
    assert set(listed(form)) == set(answers)
