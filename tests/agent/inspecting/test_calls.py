"""A call as it was made: the exact words, where each part comes from, and whether they are what its key names."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laboratory import Laboratory, query

from burnish.agent.inspecting.calls import Part, call_story, cut, parsed
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError
from burnish.memory.journal_reader import CallKey


@pytest.fixture
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_every_call_is_told_in_the_words_that_were_sent(run: Run) -> None:
    with run.journal() as journal:
        keys = [str(key) for (key,) in journal.rows("SELECT DISTINCT key FROM calls WHERE state = 'done'")]
        for key in keys[::7]:
            story = call_story(journal, key, run.config.fingerprint)
            assert story.digest_agrees
            assert story.messages
            assert story.answer or story.truncated
            assert [one.state for one in story.tries] == ["done"]


def test_parts_are_traced_to_sections_exemplars_and_the_task(run: Run) -> None:
    with run.journal() as journal:
        (key, *_), *_ = journal.rows(
            "SELECT json_extract(body, '$.call') FROM attempts WHERE node = 'sealed champion'"
            " AND json_array_length(body, '$.exemplar_ids') > 1"
        )
        story = call_story(journal, str(key), run.config.fingerprint)
        (led_to,) = story.led_to
        task = journal.task(led_to.task)
    parts = [part for message in story.messages for part in message.parts]
    assert {part.source for part in parts} <= {"section", "rule", "exemplar", "task", "other"}
    assert {part.name for part in parts if part.source == "exemplar"} == set(led_to.exemplars)
    assert [part.text for part in parts if part.source == "task"] == [task.prompt]
    assert any(part.source == "section" for part in parts)
    assert story.answer == led_to.answer


def test_words_that_are_not_what_the_key_names_are_told(learned: Laboratory, lab: Laboratory) -> None:
    lab.run("run", seed=3, budget={"iterations": 1})
    place = lab.folder / "run"
    ((key,), *_) = query(place, "SELECT key FROM calls WHERE state = 'done'")
    ((body,),) = query(place, "SELECT body FROM requests WHERE digest = ?", key.rpartition("/")[2])
    other = zlib.compress(zlib.decompress(body).replace(b"temperature", b"temperatures"))
    query(place, "UPDATE requests SET body = ? WHERE digest = ?", other, key.rpartition("/")[2])
    run = open_run(place)
    with run.journal() as journal:
        assert call_story(journal, key, run.config.fingerprint).digest_agrees is False


def test_a_call_that_was_never_made_is_refused(run: Run) -> None:
    with run.journal() as journal, pytest.raises(ConfigError, match="made no call 1/attempt/task/x/0/y"):
        call_story(journal, "1/attempt/task/x/0/y", run.config.fingerprint)


@given(st.text(alphabet="ab /-", max_size=12), st.integers(0, 99))
def test_a_key_is_read_again_whatever_it_is_about(item: str, slot: int) -> None:
    key = CallKey(3, "sealed champion", "task", item, slot, "digest")
    assert parsed(str(key)) == key


@given(st.text(alphabet="abc \n", max_size=40), st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=5))
def test_parts_together_are_the_message(content: str, known: list[str]) -> None:
    parts = cut(content, [Part(text, "section", text) for text in known])
    assert "".join(part.text for part in parts) == content
    assert all(part.source == "other" or part.text in known for part in parts)
