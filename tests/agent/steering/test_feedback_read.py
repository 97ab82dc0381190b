"""Where the environment can read what was asked, a client's word alone makes nothing right."""

from __future__ import annotations

from pathlib import Path

from codes import code_of, split_of
from feeding import beside, text_of, word
from laboratory import Laboratory, laboratory
from stairs import Stairs
from steered import halted

from burnish.agent.api import resume
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.feedback import take_feedback
from burnish.agent.verification.verify import verify

READING = f"{Path(__file__).parents[2] / 'helpers' / 'reading.py'}:ReadingCodes"


def question(number: int, split: str = "train", before: str = "", of: str = "train") -> str:
    """A question that no run has drawn; with words `before` it, of such a split as a whole."""
    texts = (f"What is the code of the red clock in room {n}?" for n in range(1000, 9999))
    found = (text for text in texts if split_of(text) == split and (not before or split_of(before + text) == of))
    return [before + next(found) for _ in range(number + 1)][number]


def begun(lab: Laboratory) -> Run:
    return halted(lab, 2, environment=READING)


def test_the_environment_judges_what_it_reads_and_both_must_find_it_right(lab: Laboratory) -> None:
    run = begun(lab)
    plain, polite = question(0), question(5, before="Please! ")
    asked = polite.removeprefix("Please! ")
    refused = take_feedback(
        run,
        beside(
            run,
            word(run, plain, code_of(plain), 1),
            word(run, polite, code_of(asked), 1),
            word(run, question(1), "made up", 1),
            word(run, question(2), code_of(question(2)), 0.9),
            word(run, text_of("train"), "a person knows", 1),
        ),
    ).refused
    assert [why for _, why in refused] == ["not verified", "not found right"]
    new = {one.prompt: one for one in run.memory() if one.born == 3}
    assert {text: (one.cell, one.reviewer, one.level) for text, one in new.items()} == {
        plain: ("clock", "", 6),
        polite: ("clock", "", 6),
        text_of("train"): ("", "ana", 3),
    }
    resume(run.place.path)
    assert verify(run).problems == ()


def test_a_text_that_states_a_task_of_another_split_is_refused(lab: Laboratory) -> None:
    """However it is put: what is asked there may be in the sealed test."""
    run = begun(lab)
    hidden = question(0, "test", before="Tell me: ")
    assert split_of(hidden) == "train"
    ((_, why),) = take_feedback(
        run, beside(run, word(run, hidden, code_of(hidden.removeprefix("Tell me: ")), 1))
    ).refused
    assert why == "its task is of the test split"


def test_a_text_that_the_environment_fails_to_read_is_not_left_to_the_client(lab: Laboratory) -> None:
    run = begun(lab)
    broken = next(text for n in range(99) if split_of(text := f"a broken thing {n}") == "train")
    done = take_feedback(run, beside(run, word(run, broken, "a", 1)))
    assert [why for _, why in done.refused] == ["the environment gave no verdict"]
    with run.journal() as journal:
        ((_, attempt, feedback),) = journal.judged("feedback")
    assert (attempt.reviewer, feedback.text) == ("", f"parse raised ValueError: {broken} (reading.py, line 21)")
    resume(run.place.path)
    assert verify(run).problems == ()


def test_a_reading_is_the_same_at_the_second_word(lab: Laboratory) -> None:
    """A text that was fed back is known since, but not as the environment poses it."""
    run = begun(lab)
    plain, other = question(0), text_of("train")
    path = beside(run, word(run, plain, "made up", 1), word(run, other, "a", 0))
    take_feedback(run, path)
    beside(run, word(run, plain, code_of(plain), 1), word(run, f"{other} ", "b", 1))
    assert take_feedback(run, path).refused == ()
    resume(run.place.path)
    assert verify(run).problems == ()


def test_a_turn_of_an_episode_is_not_learned_alone(tmp_path: Path) -> None:
    stairs = f"{Path(__file__).parents[2] / 'helpers' / 'stairs.py'}:Stairs"
    with laboratory(tmp_path) as lab:
        lab.run("run", environment=stairs, budget={"iterations": 1}, sealed={"tasks": 8})
    run = open_run(tmp_path / "run")
    prompt = next(task.prompt for task in Stairs().tasks("train", 99))
    ((_, why),) = take_feedback(run, beside(run, word(run, prompt, "up", 1))).refused
    assert why == "a turn of an episode, which is judged as a whole"
    assert verify(run).problems == ()
