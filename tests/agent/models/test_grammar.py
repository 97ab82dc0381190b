"""The grammars of extraction and of plans, judged by the library that obeys them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.grammar import (
    MOST_EDITED,
    MOST_ONCE,
    MOST_UNITS,
    edit_grammar,
    extraction_grammar,
    plan_grammar,
    sketch_grammar,
)
from burnish.agent.models.rendering import task_request
from burnish.agent.models.sketches import MOST_CALLS, Sketch
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.plans import Reference, parse_plan
from burnish.programs import Decoding, Program, Prompt
from burnish.protocols import Tool
from burnish.types import JsonValue, Message, Task

TOOLS = Arithmetic().tools
TEXTS = (
    "Zoë O'Hara (31), fire fighter, Xi'an.",
    'She said "a \\ b" & left,\n\n\tat 3.50 o\'clock…',
    "محمد عمره 40 سنة",
    "日本語 テキスト 7",
    "e\u0301te\u0301 in Łódź 🙂 ok",
    "snake_case and <tags> [brackets] {braces} ::= | root",
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(model_file(None), slots=1) as running:
        yield running


def answer(server: EmbeddedServer, text: str) -> str:
    return asked(server, f"Put this into JSON: {text}", extraction_grammar(text), seed=1)


def asked(server: EmbeddedServer, text: str, grammar: str, *, seed: int) -> str:
    request = ChatRequest((Message("user", text),), 160, temperature=1.5, seed=seed, grammar=grammar)
    reply = httpx.post(f"{server.base_url}/chat/completions", json=request.body(""), timeout=60)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["choices"][0]["message"]["content"])


def leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.thorough
def test_the_model_copies_from_the_text_whatever_it_holds(server: EmbeddedServer, text: str) -> None:
    made = answer(server, text)
    try:
        found = json.loads(made)
    except ValueError:  # cut off at the token limit
        assert made.startswith("{")
        return
    folded = " ".join(text.split())
    for leaf in leaves(found):
        assert leaf is None or isinstance(leaf, bool) or str(leaf) in folded


@pytest.mark.parametrize("text", ["", "?! ...", "word " * (MOST_UNITS + 1)])
def test_a_text_without_words_or_with_too_many_has_no_grammar(text: str) -> None:
    assert extraction_grammar(text) == ""


def test_a_text_without_numbers_allows_none() -> None:
    assert "number" not in extraction_grammar("two words")
    assert 'number ::= "7" | "3.5"' in extraction_grammar("7 of 3.5 and 7")


def test_only_the_task_gives_the_words_and_other_formats_send_no_grammar() -> None:
    program = Program(Prompt((("task", "INSTRUCTION"),)), 0, decoding=Decoding(format="extract"))
    body = task_request(program, [], Task("env", "Ana <|im_end|> 5", {"gold": "SECRET"})).body("")
    assert '"Ana"' in body["grammar"]
    assert "<|im_end|>" not in body["grammar"]
    assert "INSTRUCTION" not in body["grammar"]
    assert "SECRET" not in str(body)
    assert "response_format" not in body
    as_json = Program(program.prompt, 0, decoding=Decoding(format="json"))
    body = task_request(as_json, [], Task("env", "Ana 5")).body("")
    assert body["response_format"] == {"type": "json_object"}
    assert "grammar" not in body


def test_without_words_to_copy_an_answer_is_still_asked_for_as_json() -> None:
    program = Program(Prompt(()), 0, decoding=Decoding(format="extract"))
    assert task_request(program, [], Task("env", "?!")).body("")["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("constants", [[3, 47], [3, 47, 5], [8, 2.5, 60, 11, 7], list(range(2, 12))], ids=len)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.thorough
def test_a_plan_names_only_tools_constants_of_the_task_and_results_above(
    server: EmbeddedServer, constants: list[JsonValue], seed: int
) -> None:
    calls = parse_plan(asked(server, "Plan something long.", plan_grammar(TOOLS, constants), seed=seed))
    assert calls
    assert len(calls) <= min(MOST_CALLS, max(2, len(constants)))
    assert {call.tool for call in calls} <= {tool.name for tool in TOOLS}
    for number, call in enumerate(calls, 1):
        assert call.name == f"y{number}"
        above = {Reference(f"y{n}") for n in range(1, number)}
        assert all(argument in above or argument in constants for argument in call.arguments)


@pytest.mark.parametrize(
    ("constants", "sketch"),
    [
        ([3, 47], ("subtract",)),
        ([3, 47, 5], ("multiply", "add")),
        ([3, 47, 5], ("divide",)),
        ([8, 2.5, 60, 11], ("add", "add", "divide")),
        ([8, 2.5, 60, 11, 7], ("subtract", "multiply", "add", "add")),
    ],
    ids=str,
)
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.thorough
def test_a_sketched_plan_calls_its_tools_and_uses_everything_once(
    server: EmbeddedServer, constants: list[JsonValue], sketch: tuple[str, ...], *, in_order: bool
) -> None:
    plans = set()
    for seed in range(5):
        text = asked(
            server, "Plan something long.", sketch_grammar(TOOLS, constants, Sketch(sketch, in_order)), seed=seed
        )
        calls = parse_plan(text)
        assert calls
        assert tuple(call.tool for call in calls) == sketch
        given = [argument for call in calls for argument in call.arguments]
        assert len(set(given)) == len(given)
        assert {a for a in given if isinstance(a, Reference)} == {Reference(f"y{n}") for n in range(1, len(sketch))}
        for number, call in enumerate(calls, 1):
            assert {a.name for a in call.arguments if isinstance(a, Reference)} <= {f"y{n}" for n in range(1, number)}
        numbers = [a for a in given if not isinstance(a, Reference)]
        assert not in_order or numbers == [c for c in constants if c in numbers]
        plans.add(text)
    assert len(plans) > 1 or (in_order and len(constants) == 2)


def test_of_many_constants_and_without_a_sketch_the_grammar_is_that_of_all_plans() -> None:
    many: list[JsonValue] = list(range(MOST_ONCE + 1))
    assert sketch_grammar(TOOLS, many, Sketch(("add",))) == plan_grammar(TOOLS, many)
    assert sketch_grammar(TOOLS, [1], Sketch()) == plan_grammar(TOOLS, [1])


@pytest.mark.thorough
def test_texts_are_constants_too(server: EmbeddedServer) -> None:
    join = Tool("join", "", {"properties": {"a": {}, "b": {}}})
    texts: list[JsonValue] = ['say "so"', "a\\b"]
    calls = parse_plan(asked(server, "Plan.", plan_grammar([join], texts), seed=3))
    assert calls
    given = {a for call in calls for a in call.arguments if isinstance(a, str)}
    assert given
    assert given <= {*texts}


def test_without_tools_there_is_no_grammar_of_plans() -> None:
    assert plan_grammar([], [1, 2]) == ""


def test_an_answer_is_held_to_the_grammar_that_is_given_but_where_it_extracts() -> None:
    for form, sent in (("plan", True), ("text", True), ("extract", False)):
        program = Program(Prompt((("task", "Plan."),)), 0, decoding=Decoding(format=form))  # type: ignore[arg-type]
        request = task_request(program, [], Task("env", "1 and 2"), grammar="root ::= x")
        assert (request.grammar == "root ::= x") is sent


@pytest.mark.parametrize("text", ["She walks home.", "rain", 'He said "no" \\ to Zoë!', "Does 日本語 work?"])
def test_an_answer_is_the_text_but_for_one_word(server: EmbeddedServer, text: str) -> None:
    for seed in (1, 2):
        said = asked(server, f"Put it into the past: {text}", edit_grammar(text), seed=seed)
        mark = text[-1] if text[-1] in ".!?" else ""
        assert said.endswith(mark)
        words, before = (one.removesuffix(mark).split(" ") for one in (said, text))
        assert len(words) == len(before)
        assert sum(one != other for one, other in zip(words, before, strict=True)) <= 1, said


@pytest.mark.parametrize("text", ["", "two\nlines", "two  spaces", "word " * MOST_EDITED + "word"])
def test_a_long_text_or_one_of_several_lines_is_not_edited(text: str) -> None:
    assert not edit_grammar(text)
