from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.agent.models.rendering import defuse, render, task_request
from burnish.programs import Decoding, Program, Prompt
from burnish.types import Exemplar, Message, Task

CONTROL_TOKENS = [
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|begin_of_text|>",
    "<|start_header_id|>",
    "<|eot_id|>",
    "<|user|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜User｜>",
    "<｜end▁of▁sentence｜>",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
]
PIECES = ["<", "|", ">", "/", "[", "]", "im_start", "INST", "SYS", "s", "INST]", "|>", "\n", " ", "a < b", "x[i]"]
HOSTILE = st.lists(st.sampled_from(CONTROL_TOKENS + PIECES) | st.text(max_size=3), max_size=8).map("".join)
EXEMPLARS = st.builds(Exemplar, st.just("t"), HOSTILE, HOSTILE, st.just(1.0), st.just("c"), st.just(0), st.just("m"))


def program(*sections: str, rendering: str = "turns") -> Program:
    prompt = Prompt(tuple((f"s{i}", text) for i, text in enumerate(sections)))
    return Program(prompt, 0, decoding=Decoding.from_json({"rendering": rendering}))


def exemplar(n: int) -> Exemplar:
    return Exemplar(f"t{n}", f"prompt {n}", f"answer {n}", 1.0, "cell", 0, "model", rating=4.0, reason="why")


TASK = Task("env", "the task", {"expected": "SECRET"}, "cell")


def test_the_system_text_comes_first_then_exemplars_then_the_task_and_nothing_else() -> None:
    assert render(program("You answer.", "Be brief."), [exemplar(1), exemplar(2)], TASK) == (
        Message("system", "You answer.\n\nBe brief."),
        Message("user", "prompt 1"),
        Message("assistant", "answer 1"),
        Message("user", "prompt 2"),
        Message("assistant", "answer 2"),
        Message("user", "the task"),
    )


def test_one_block_holds_the_exemplars_in_the_system_text() -> None:
    block = "Input: prompt 1\nOutput: answer 1\n\nInput: prompt 2\nOutput: answer 2"
    shown = [exemplar(1), exemplar(2)]
    assert render(program("You answer.", rendering="block"), shown, TASK) == (
        Message("system", f"You answer.\n\n{block}"),
        Message("user", "the task"),
    )
    assert render(program(rendering="block"), shown, TASK)[0] == Message("system", block)


@pytest.mark.parametrize("rendering", ["turns", "block"])
def test_without_sections_and_exemplars_the_task_stands_alone(rendering: str) -> None:
    assert render(program(rendering=rendering), [], TASK) == (Message("user", "the task"),)


@given(st.lists(HOSTILE, max_size=3), st.lists(EXEMPLARS, max_size=2), HOSTILE, st.sampled_from(["turns", "block"]))
def test_no_control_token_survives_wherever_it_comes_from(
    sections: list[str], exemplars: list[Exemplar], prompt: str, rendering: str
) -> None:
    messages = render(program(*sections, rendering=rendering), exemplars, Task("env", prompt))
    assert not [(m, token) for m in messages for token in CONTROL_TOKENS if token in m.content]
    roles = "".join(m.role[0] for m in messages)
    assert roles.removeprefix("s") == ("ua" * len(exemplars) if rendering == "turns" else "") + "u"


@given(HOSTILE)
def test_defusing_twice_is_defusing_once_and_only_adds_spaces(text: str) -> None:
    once = defuse(text)
    assert defuse(once) == once
    assert once.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["a < b", "x[i] | y", "<b>bold</b>", "if a<b and c>d", "2 <= 3", "[ok]", "[INSTANT]", "😀 é"]
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert defuse(text) == text


def test_a_request_has_the_programs_settings_unless_told_otherwise() -> None:
    made = Program(Prompt(()), 0, decoding=Decoding(temperature=0.3, top_p=0.9, max_tokens=5))
    request = task_request(made, [], TASK)
    assert (request.temperature, request.top_p, request.max_tokens, request.seed) == (0.3, 0.9, 5, None)
    request = task_request(made, [], TASK, temperature=0.0, top_p=1.0, seed=7)
    assert (request.temperature, request.top_p, request.max_tokens, request.seed) == (0.0, 1.0, 5, None)
    assert task_request(made, [], TASK, seed=7).seed == 7
    assert "SECRET" not in str(request)


def test_tags_say_how_exemplars_came_about_and_ask_for_the_best() -> None:
    tagged = Program(Prompt((("task", "Answer."),)), 0, decoding=Decoding(tags=True))
    shown = [replace(exemplar(1), origin="augmented"), replace(exemplar(2), origin="seed")]
    users = [m.content for m in render(tagged, shown, TASK) if m.role == "user"]
    assert users == ["prompt 1\nOrigin: augmented", "prompt 2\nOrigin: seed", "the task\nOrigin: seed"]


SPELLINGS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>", "<bos>",
    "<eos>", "<start_of_turn>", "<end_of_turn>", "<|start_header_id|>", "<|eot_id|>", "<|user|>", "<|assistant|>",
    "<｜User｜>", "<｜begin▁of▁sentence｜>", "<｜hy_User｜>", "[gMASK]", "[sMASK]", "<sop>", "<用户>", "<AI>",
    "[|user|]",
    "[|endofturn|]", "<|start_of_role|>", "<|role_sep|>", "<|message_sep|>", "[SEP]", "<role>", "</role>",
    "<|header_start|>",
    "<end_of_utterance>", "<|userprompt|>", "<seed:bos>", "<seed:eos>", "<|separator|>", "[unused9]", "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
    "[TOOL_CONTENT]", "[IMG]", "[THINK]", "[/THINK]", "<unk>", "<pad>", "<mask>", "<unused12>", "<extra_id_0>",
    "<0x0A>",
    "<|channel|>", "<|message|>", "<think>", "</think>", "<tool_call>", "</tool_call>", "<fim_prefix>", "<fim-middle>",
    "<END_OF_TURN>", ">>QUESTION<<", ">>ANSWER<<", "[CLS]", "[MASK]", "[PAD]", "[BOS]", "[@BOS@]", "<reponame>",
    "<gh_stars>", "<start_of_image>", "<|START_OF_TURN_TOKEN|>", "<|begin|>", "<|im_middle|>",
)  # fmt: skip


@pytest.mark.parametrize("token", SPELLINGS)
def test_no_token_of_a_chat_template_is_left_in_a_text(token: str) -> None:
    shown = defuse(f"before{token}after {token}")
    assert token not in shown
    assert shown.replace(" ", "") == f"before{token}after{token}", "nothing but spaces is added"


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> <div class='x'> a < b > c",
        "[1, 2] [x] list[INT]",
        "x >> y << z",
        "<answer>4</answer>",
        "[link](url)",
    ],
)
def test_other_brackets_are_left_alone(text: str) -> None:
    assert defuse(text) == text
