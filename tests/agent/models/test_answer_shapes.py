"""What instruction and feedback show of an answer's looks, and the grammars of it, judged by the library that obeys
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest

from burnish.agent.models.answer_shapes import (
    MOST_READ,
    Shape,
    choice_grammar,
    choices,
    shape_grammar,
    shape_of,
    shapes,
    turns,
)
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.types import Message

LINE = "10:18 [search] user=5288 took 644 ms"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(model_file(None), slots=1) as running:
        yield running


def answers(server: EmbeddedServer, text: str, grammar: str) -> Iterator[str]:
    for seed in (1, 2):
        request = ChatRequest((Message("user", text),), 160, temperature=1.5, seed=seed, grammar=grammar)
        reply = httpx.post(f"{server.base_url}/chat/completions", json=request.body(""), timeout=60)
        assert reply.status_code == 200, reply.text
        yield reply.json()["choices"][0]["message"]["content"]


def test_words_with_marks_are_examples_and_no_description_of_one_is() -> None:
    said = (
        "Expected component/LEVEL/user, such as mail/INFO/1207. See i.e. the well-known list, 3.5 pages.",
        "Write it as YYYY-MM-DD, don't add a word; mail/INFO/1207 is right.",
    )
    assert shapes(said) == ["mail/INFO/1207", "YYYY-MM-DD"], "those with digits first"
    assert shapes(["Name the colour.", ""]) == []


@pytest.mark.parametrize(
    ("said", "example"),
    [
        ("Give both first letters, each with a full stop, as in: A.K.", "A.K."),
        ("The day, the hour and what is to be done, as in: Mon 15h - call the bank", "Mon 15h - call the bank"),
        ("Its price, e.g. lamp 19, and nothing else.", "lamp 19"),
        ("Give the weight (for example 12 kg).", "12 kg"),
        ("Last name first. Example: Smith, John", "Smith, John"),
        ("Answer with `x = 3`.", "x = 3"),
        ('It should read "Room 4, first floor".', "Room 4, first floor"),
    ],
)
def test_what_is_presented_as_an_example_is_one(said: str, example: str) -> None:
    assert shapes([said]) == [example]


@pytest.mark.parametrize("said", ["Name a fruit, such as apples.", 'Say "yes" or "no".', "as in", "e.g. " + "a1 " * 40])
def test_plain_words_and_long_texts_are_no_examples(said: str) -> None:
    assert shapes([said]) == []


@pytest.mark.parametrize(
    ("shape", "text", "pattern"),
    [
        ("mail/INFO/1207", "10:18 [search] WARNING - user=88 by us", r"(search|user|by|us)/WARNING/\d{1,4}"),
        ("1999-01-31", "the third of May", r"\d{1,4}-\d{2}-\d{1,2}"),
        ("YYYY-MM-DD", "the third of May", r"\d{4}-\d{2}-\d{2}"),
        ("a@b.org", 'He said "hm" \\ to Zoë', r"(He|said|hm|to|Zoë)@(He|said|hm|to|Zoë)\.(He|said|hm|to|Zoë)"),
        ("mail/1207", "7 + 7", r"[a-zA-Z]{1,8}/\d{1,4}"),
        ("A.K.", "A letter from Bruno Hale came back.", r"[ABH]\.[ABH]\."),
        ("Mon 15h - call the bank", "On Tuesday at 3 pm: feed the cat.", r"(Tue|Tuesday|On) \d{1,2}h - (\w+( \w+)*)"),
        ("LAMP-RED", "a blue mug", r"(A|BLUE|MUG)-(A|BLUE|MUG)"),
        ("Smith", "a blue mug", r"A|Blue|Mug"),
        ("code/41c2a7", "home", r"home/[0-9a-zA-Z]{6}"),
    ],
)
def test_an_answer_is_shaped_like_the_example(server: EmbeddedServer, shape: str, text: str, pattern: str) -> None:
    for said in answers(server, f"Shorten this: {text}", shape_grammar(Shape(shape), text)):
        assert re.fullmatch(pattern, said), said


def test_several_words_are_copied_as_they_stand_together(server: EmbeddedServer) -> None:
    text = "Please, do not forget to feed the cat - ever."
    for said in answers(server, f"Shorten this: {text}", shape_grammar(Shape("call the bank"), text)):
        assert said in text


@pytest.mark.parametrize(
    ("shape", "pattern"),
    [("mail/1207", "(search|user|took|ms)/5288"), ("7-07", r"\d-\d{2}"), ("a/12", r"\w+/(10|18)")],
)
def test_its_numbers_may_be_copied_from_the_text(server: EmbeddedServer, shape: str, pattern: str) -> None:
    for said in answers(server, f"Shorten this: {LINE}", shape_grammar(Shape(shape, copied=True), LINE)):
        assert re.fullmatch(pattern, said), said


@pytest.mark.parametrize(
    ("shape", "kept", "pattern"),
    [
        ("Room 12", 1, "Room 1[08]"),
        ("Dear Mr Fox,", 2, r"Dear Mr \w+,"),
        ("call the bank", 1, "call .*"),
    ],
)
def test_its_first_words_may_be_kept(server: EmbeddedServer, shape: str, kept: int, pattern: str) -> None:
    for said in answers(server, LINE, shape_grammar(Shape(shape, frozenset(range(kept)), copied=True), LINE)):
        assert re.fullmatch(pattern, said), said


@pytest.mark.parametrize(
    ("shape", "kept"),
    [("Dear Mr Fox,", [0, 1, 0, 2]), ("lamp 19", [0, 1]), ("A.K.", [0, 1]), ("1999-01-31", [0]), ("x", [0])],
)
def test_words_are_kept_by_turns_but_never_all_unless_numbers_are_left(shape: str, kept: list[int]) -> None:
    ways = [(copied, frozenset(range(number))) for copied in (True, False) for number in kept]
    assert [(way.copied, way.kept) for way in turns(shape)] == ways


@pytest.mark.parametrize(
    ("answer", "prompt", "kept"),
    [
        ("Dear Mr Keller,", "The bill was paid by John Keller.", {0, 1}),
        ("A.K.", "We met Ada King.", set()),
        ("Tue 15h - feed the cat", "On Tuesday at 3 pm: feed the cat.", {1}),
        ("total: 12", "3 and 12", {0}),
    ],
)
def test_a_right_answer_keeps_what_its_task_does_not_say(answer: str, prompt: str, kept: set[int]) -> None:
    assert shape_of(answer, prompt) == Shape(answer, frozenset(kept), copied=True)


@pytest.mark.parametrize(("answer", "prompt"), [("kitchen", "Where is it?"), ("7", "3 + 4"), ("a b " * 5, "a b")])
def test_an_answer_that_shares_nothing_with_its_task_has_no_shape(answer: str, prompt: str) -> None:
    assert shape_of(answer, prompt) is None


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("The rooms are kitchen, garage, bathroom and study.", ["kitchen", "garage", "bathroom", "study"]),
        ("Answer yes or no.", ["yes", "no"]),
        ("Is it odd or even?", ["odd", "even"]),
        ('Reply "spam" or "ham".', ["spam", "ham"]),
        ("Label: positive/negative", ["positive", "negative"]),
        ("Say positive | negative | neutral", ["Say positive", "negative", "neutral"]),
        ("Sort it into one of: billing, account access, other", ["billing", "account access", "other"]),
        ("Pay by bank transfer, credit card or cash when you go", ["transfer", "credit card", "cash"]),
        ("Choose:\n- red\n- dark blue: the sea\n- green", ["red", "dark blue", "green"]),
        ("Answer in one or two words.", []),
        ("Say which component wrote it, at which level, and about which user.", []),
        ("Name the colour.", []),
    ],
)
def test_choices_are_found_in_what_is_said(said: str, named: list[str]) -> None:
    assert choices([said]) == named


@pytest.mark.parametrize("found", [shapes, choices])
def test_of_a_long_text_both_ends_are_searched(found: Callable[[Sequence[str]], list[str]]) -> None:
    said, much = "Answer a1/b, c2/d or e3/f. Or is it this or that?", "so it is " * MOST_READ
    known = found([said])
    assert known
    assert found([f"{said} {much}"]) == found([f"{much} {said}"]) == known
    assert found([f"{much} {said} {much}"]) == []


def test_an_answer_is_one_of_the_choices(server: EmbeddedServer) -> None:
    named = ["kitchen", 'the "big" one', "a\\b"]
    for said in answers(server, "Into which room does it go?", choice_grammar(named)):
        assert said in named
    assert choice_grammar([]) == ""
