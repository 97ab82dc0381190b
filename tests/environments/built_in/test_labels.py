from itertools import chain, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.built_in.labels import LEVELS, ONLY_LABEL, QUESTIONS, TURNED, Labels
from burnish.environments.built_in.lexicon import CUES, LABELS, LONGEST_TEXT, read
from burnish.environments.built_in.remarks import FACTS, REQUESTS
from burnish.errors import ConfigError
from burnish.types import Status, Task

TASK = Task(
    "labels",
    "The bar was superb.\nSentiment: negative or positive?",
    {"kind": "sentiment", "label": "positive", "level": "easy"},
    cell="sentiment easy",
)


def drawn(level: str = "", count: int = 2000) -> list[Task]:
    return list(islice(Labels(level=level).tasks("train", 5), count))


def test_no_cue_stands_for_two_labels_or_within_another_or_names_a_label() -> None:
    cues = [cue for labels in CUES.values() for cue in chain(*labels.values())]
    assert len(set(cues)) == len(cues)
    words = [f" {cue} " for cue in cues]
    assert not [(one, other) for one in words for other in words if one != other and one in other]
    assert not [cue for cue in cues if any(word.startswith(LABELS) for word in cue.split())]


def test_every_question_lists_the_labels_of_its_kind_alone() -> None:
    for kind, question in QUESTIONS.items():
        listed = question.rstrip("?").partition(": ")[2].replace(" or ", ", ").split(", ")
        assert sorted(listed) == sorted(CUES[kind])


@pytest.mark.parametrize("level", LEVELS)
def test_every_text_is_read_as_the_task_it_was_made_for(level: str) -> None:
    tasks = drawn(level)
    assert {task.data["level"] for task in tasks} == {level}
    assert {(task.data["kind"], task.data["label"]) for task in tasks} == {(k, v) for k in CUES for v in CUES[k]}
    for task in tasks:
        assert Labels().parse(task.prompt) == task
        assert Labels().parse(task.prompt.partition("\n")[0]) == task
        assert Labels().score(task, Labels().solve(task)).verified


def test_a_hard_text_would_mislead_whoever_counts_cues() -> None:
    tasks = drawn("hard")
    misleading = 0
    for task in tasks:
        kind = str(task.data["kind"])
        others = [cue for label in CUES[kind] if label != task.data["label"] for cue in CUES[kind][label]]
        misleading += any(f" {cue}" in task.prompt for cue in others)
    assert misleading > 0.95 * len(tasks)


def test_a_wrong_label_on_a_hard_text_is_told_of_negation() -> None:
    (task,) = drawn("hard", 1)
    wrong = next(label for label in CUES[str(task.data["kind"])] if label != task.data["label"])
    assert TURNED in Labels().score(task, wrong).text


def test_facts_say_nothing_and_each_request_says_its_own_label() -> None:
    assert not any(read(f"{fact} That is all there is.") for fact in FACTS)
    for label, requests in REQUESTS.items():
        for request in requests:
            reading = read(f"I want to {request}.")
            assert reading
            assert (reading.kind, reading.label) == ("intent", label)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The soup was superb, and so was the bar.", "positive"),
        ("The soup was not superb in any way.", "negative"),
        ("The soup was not only superb, it was cheap.", "positive"),
        ("The soup wasn't awful, it was lovely.", "positive"),
        ("The soup was superb but the bar was filthy.", "negative"),
        ("Although the soup was superb, the bar was filthy.", "negative"),
        ("The soup was superb. However, the bar was filthy.", "negative"),
        ("We had no violin, only a referee.", "sport"),
        ("Please tell me when the courier comes.", "delivery"),
    ],
)
def test_texts_of_others_are_read_by_the_same_rules(text: str, label: str) -> None:
    task = Labels().parse(text)
    assert task
    assert task.data["label"] == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "superb",
        "positive",
        "This text is positive.",
        "A superb text, hence positive.",
        "A positively superb text it is.",
        "The soup was superb and the bar was filthy.",
        "The superb violin was played by one of us.",
        "We saw a referee with a violin there.",
        "The soup was neither here nor there.",
        "We do not want to hear the violin.",
        "The soup was superb.\nTopic: cooking, music, sport or weather?",
        "The soup was superb.\x00",
        "The soup was \u202esuperb that day.",
        "The soup was \ud800superb that day.",
        "The soup was superb. " * LONGEST_TEXT,
    ],
)
def test_a_text_that_expresses_no_label_or_two_or_names_one_is_refused(text: str) -> None:
    assert Labels().parse(text) is None


@given(st.text(), st.sampled_from(sorted(QUESTIONS.values())))
def test_no_text_makes_reading_fail(text: str, question: str) -> None:
    for task in (Labels().parse(text), Labels().parse(f"{text}\n{question}")):
        assert task is None or Labels().score(task, Labels().solve(task)).verified


@pytest.mark.parametrize(
    "answer", ["Positive", "positive.", "It is positive", "negative positive", "sport", "", "posi"]
)
def test_anything_but_one_label_is_unparsable(answer: str) -> None:
    feedback = Labels().score(TASK, answer)
    assert (feedback.reward, feedback.verified, feedback.status) == (0.0, False, Status.UNPARSABLE)
    assert feedback.text == ONLY_LABEL


def test_the_other_label_is_wrong_and_white_space_is_forgiven() -> None:
    feedback = Labels().score(TASK, "negative")
    assert (feedback.reward, feedback.verified, feedback.status) == (0.0, False, Status.OK)
    assert feedback.text
    assert Labels().score(TASK, " positive\n").verified


def test_a_varied_task_is_another_of_its_cell() -> None:
    for task in drawn(count=200):
        varied = Labels().vary(task, 1)
        assert varied.cell == task.cell
        assert varied.prompt != task.prompt
        assert varied == Labels().vary(task, 1) != Labels().vary(task, 2)
        assert Labels().parse(varied.prompt) == varied


def test_a_level_that_there_is_not_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigError, match='no level is called "mediun"; did you mean "medium"'):
        Labels(level="mediun")
