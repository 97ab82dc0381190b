"""What a server answered, read strictly."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.agent.models.reading import MOST_TOKENS, Answer, Fault, Tokens, Unusable, read, retry_after

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["message", "content", "text", "type", "logprobs", "error"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def reply(message: Any, *, thinking: str = "marked", finish: str = "stop", **fields: Any) -> Answer | Fault | Unusable:
    choice = {"message": message, "finish_reason": finish, **fields.pop("choice", {})}
    return read(200, {}, json.dumps({"choices": [choice], **fields}).encode(), thinking=thinking)


def text_of(*args: Any, **kwargs: Any) -> str:
    answer = reply(*args, **kwargs)
    assert isinstance(answer, Answer), answer
    return answer.text


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("4", "4"),
        ("", ""),
        (None, ""),
        ([], ""),
        ([THOUGHT, {"type": "text", "text": "<answer>4</answer>"}], "<answer>4</answer>"),
        ([{"type": "reasoning", "text": "2 + 2"}, {"type": "output_text", "text": "4"}], "4"),
        ([{"text": "2 + 2", "thought": True}, {"text": "4"}], "4"),
        (["4", {"type": "text", "text": "2"}, {"type": "image_url", "image_url": "x"}], "42"),
    ],
)
def test_parts_of_a_content_are_joined_without_what_was_thought(content: Any, text: str) -> None:
    assert text_of({"content": content}) == text


@pytest.mark.parametrize(
    ("message", "finish", "said"),
    [
        ({"content": None, "refusal": "I cannot help."}, "stop", "it refused: I cannot help."),
        ({"content": [{"type": "refusal", "refusal": "No."}]}, "stop", "it refused: No."),
        ({"content": None}, "content_filter", "content filter"),
        ({"content": "Half an ans"}, "content_filter", "content filter"),
        ({"content": None, "reasoning_content": "Hm."}, "stop", "it only thought"),
        ({"content": "", "reasoning": "Hm."}, "length", "no tokens left"),
        ({"content": [THOUGHT]}, "length", "no tokens left"),
        ({"content": None, "tool_calls": [{"id": "a"}]}, "tool_calls", "called a tool"),
        ({"content": [{"type": "image_url"}]}, "stop", "none of the parts"),
        ({"content": {"text": "4"}}, "stop", "an object"),
        ({"content": 4}, "stop", "a number"),
        ({"content": True}, "stop", "true or false"),
    ],
)
def test_what_holds_no_text_to_judge_is_no_empty_answer(message: Any, finish: str, said: str) -> None:
    unusable = reply(message, finish=finish, usage={"prompt_tokens": 5, "completion_tokens": 3})
    assert isinstance(unusable, Unusable)
    assert said in unusable.said
    assert unusable.tokens == Tokens(5, 3)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>2 + 2</think>\n\n4", "4"),
        ("2 + 2 </THINK> 4", "4"),
        ("<|channel|>analysis<|message|>2 + 2<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>", "4"),
        ("4", "4"),
        ("<b>4</b>", "<b>4</b>"),
    ],
)
def test_thoughts_within_the_text_are_left_out_where_that_is_asked_for(content: str, text: str) -> None:
    assert text_of({"content": content}, thinking="tags") == text
    assert text_of({"content": content}) == content


@pytest.mark.parametrize("content", ["<think>2 + 2 is", "<|channel|>analysis<|message|>2 + 2"])
def test_thoughts_without_an_end_are_no_answer(content: str) -> None:
    unusable = reply({"content": content}, thinking="tags", finish="length")
    assert isinstance(unusable, Unusable)
    assert unusable.said == "it only thought"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        ({"message": "Rate limit exceeded", "code": 429}, 429, "Rate limit exceeded"),
        ({"message": "no", "code": "503"}, 503, "no"),
        ({"message": "no", "status": 402}, 402, "no"),
        ({"message": "no", "type": "rate_limit_error"}, 429, "no"),
        ({"message": "no", "type": "overloaded_error"}, 529, "no"),
        ({"message": "no", "code": "context_length_exceeded"}, 400, "no"),
        ({"message": "no", "status": "UNAVAILABLE"}, 503, "no"),
        ({"message": "no"}, 502, "no"),
        ("broken", 502, "broken"),
        ({"code": 700}, 502, '{"error": {"code": 700}}'),
    ],
)
def test_an_error_within_a_200_has_its_own_status(error: Any, status: int, said: str) -> None:
    for body in ({"error": error}, {"choices": [{"error": error, "message": {"content": ""}}]}):
        fault = read(200, {"retry-after": "3"}, json.dumps(body).encode())
        assert fault == Fault(status, said, 3.0, within=True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "System role not supported"}}', "System role not supported"),
        (b'{"error": "busy"}', "busy"),
        (b'{"detail": "no such model"}', "no such model"),
        (b'{"detail": {"message": "too long"}}', "too long"),
        (b'{"detail": [{"loc": ["top_p"]}]}', '{"detail": [{"loc": ["top_p"]}]}'),
        (b"<html><style>a {}</style><h1>502 Bad Gateway</h1></html>", "502 Bad Gateway"),
        (b"Jinja Exception", "Jinja Exception"),
        (b"", ""),
        (b"[" * 200_000, "[" * 200_000),
    ],
)
def test_the_reason_of_a_failure_is_what_the_server_said(body: bytes, said: str) -> None:
    assert read(500, {}, body) == Fault(500, said)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"\xff", b"[" * 200_000, b"null", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}',
        b'{"choices": [{"message": "x"}]}', b'{"choices": [{"message": {}}]}', b'{"choices": [{"text": "4"}]}',
        b'{"choices": {"0": 1}}', b'data: {"choices": []}',
    ],
)  # fmt: skip
def test_what_is_no_chat_completion_is_a_fault_that_may_have_been_worked_for(body: bytes) -> None:
    fault = read(200, {}, body)
    assert isinstance(fault, Fault)
    assert (fault.status, fault.within) == (200, True)
    assert "no chat completion" in fault.said


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 36, "completion_tokens": 10, "total_tokens": 46}, Tokens(36, 10)),
        ({"prompt_tokens": 36, "completion_tokens": 10, "total_tokens": 736}, Tokens(36, 700)),
        ({"completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 690}}, Tokens(0, 700)),
        ({"completion_tokens": 700, "completion_tokens_details": {"reasoning_tokens": 690}}, Tokens(0, 700)),
        ({"total_tokens": 9}, Tokens(0, 9)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 5}}, Tokens(9, 0, 5)),
        ({"prompt_tokens": "9", "completion_tokens": 3.0}, Tokens(9, 3)),
        ({"prompt_tokens": -5, "completion_tokens": True}, Tokens()),
        ({"prompt_tokens": "many", "completion_tokens": 10**30, "prompt_tokens_details": None}, Tokens()),
        (None, Tokens()),
        ([1], Tokens()),
    ],
)
def test_tokens_are_counted_by_the_largest_figures_given(usage: Any, tokens: Tokens) -> None:
    answer = reply({"content": "4"}, usage=usage)
    assert isinstance(answer, Answer)
    assert answer.tokens == tokens


def test_an_entry_without_a_probability_is_left_out_and_the_others_stay() -> None:
    top = [
        {"token": "5", "logprob": math.log(0.75)}, {"token": "4", "logprob": -9999.0}, {"token": "3", "logprob": 1},
        {"token": "2", "logprob": None}, {"token": None, "logprob": 0.0}, {"token": "1", "logprob": math.nan}, None,
    ]  # fmt: skip
    made = reply({"content": "5."}, choice={"logprobs": {"content": [{"token": "5", "top_logprobs": top}]}})
    assert isinstance(made, Answer)
    assert made.probabilities == pytest.approx({"5": 0.75, "4": 0.0, "3": 1.0})
    nothings: list[Any] = [None, {}, [1], {"content": []}, {"content": [None]}, {"content": [{"top_logprobs": None}]}]
    for nothing in nothings:
        made = reply({"content": "5."}, choice={"logprobs": nothing})
        assert isinstance(made, Answer)
        assert made.probabilities is None


@given(JSON, JSON, st.sampled_from(["marked", "tags"]))
def test_whatever_json_comes_is_one_of_three_outcomes(choice: Any, usage: Any, thinking: str) -> None:
    body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": usage, "total_tokens": usage}}).encode()
    made = read(200, {}, body, thinking=thinking)
    assert isinstance(made, Answer | Fault | Unusable)
    if not isinstance(made, Fault):
        assert 0 <= made.tokens.prompt <= MOST_TOKENS


@given(st.integers(100, 599), st.binary(max_size=40))
def test_whatever_bytes_come_are_one_of_three_outcomes(status: int, body: bytes) -> None:
    assert isinstance(read(status, {}, body), Fault)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("soon", None), ("", None), ("inf", None), ("nan", None), ("1e400", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    for shift, expected in ((timedelta(minutes=5), 300), (timedelta(minutes=-5), 0)):
        value = format_datetime(datetime.now(UTC) + shift, usegmt=True)
        assert retry_after({"retry-after": value}) == pytest.approx(expected, abs=30)
    assert retry_after({"retry-after": "21 Oct GMT 7:99:99 99999999999 : 2015"}) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_no_retry_after_header_is_anything_but_seconds_or_nothing(value: str) -> None:
    wait = retry_after({"retry-after": value})
    assert wait is None or 0 <= wait < math.inf
