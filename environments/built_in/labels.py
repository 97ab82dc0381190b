"""Labels: short texts, answered by the one label they express, of sentiment, topic or intent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.lexicon import CUES, read
from burnish.environments.built_in.remarks import remark
from burnish.environments.built_in.templates import Splits
from burnish.types import Feedback, JsonValue, Split, Status, Task

LEVELS = ("easy", "medium", "hard")

ONLY_LABEL = "answer with one of the words after the text and nothing else, in lower case"
WRONG: Mapping[str, str] = MappingProxyType(
    {
        "sentiment": "the word must say how the writer judges, not how others do or what was expected",
        "topic": "the word must name what the text is about, not what it leaves aside",
        "intent": "the word must name what the writer wants now, not what the writer does not want",
    }
)
TURNED = 'mind every "not" and "hardly", and what follows "but" or "however" counts more than what comes before'

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "sentiment": "Sentiment: negative or positive?",
        "topic": "Topic: cooking, music, sport or weather?",
        "intent": "Intent: booking, cancellation, delivery or payment?",
    }
)
"""Last line of a prompt, by kind."""


class Labels:
    """Name the sentiment, the topic or the intent of a short text with one word.

    On level "easy" a text is a sentence or two full of cues; on "medium" the cue comes first and three or more
    sentences with nothing to the matter follow; on "hard" negation, contrast and concession turn cues around. Texts
    that a model wrote are read by the same lexicon, see `burnish.environments.built_in.lexicon.read`.
    """

    name = "labels"
    instruction = "Read the text and answer the question below it with one word."
    licence = "Apache-2.0"
    provenance = "Made by Burnish from a lexicon and sentence frames of its own; no text of anyone else is in it."
    levels = LEVELS

    def __init__(self, *, level: str = "", splits: str = "by task") -> None:
        self._splits = Splits(self.name, splits)
        self.shifted = self._splits.by_template
        self._levels = chosen_levels(self.name, level, LEVELS)

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level, splits=self._splits.way)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; rarely, one comes twice."""
        rng = random.Random(f"labels {split} {seed}")
        while True:
            task = self._task(rng, rng.choice(tuple(CUES)), rng.choice(self._levels), split)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """1 for the label as it is written in the prompt, else 0."""
        kind, given = str(task.data["kind"]), answer.strip()
        if given not in CUES[kind]:
            return Feedback(0.0, verified=False, text=ONLY_LABEL, status=Status.UNPARSABLE)
        right = given == task.data["label"]
        lines = [WRONG[kind], *([TURNED] if task.data["level"] == "hard" else [])]
        return Feedback(float(right), verified=right, text="" if right else "\n".join(lines))

    def solve(self, task: Task) -> str:
        """The label."""
        return str(task.data["label"])

    def form(self, task: Task) -> str:
        """One of the labels that the prompt names."""
        return "|".join(CUES[str(task.data["kind"])])

    def parse(self, text: str) -> Task | None:
        """The task that a text poses, with or without its question; None unless it expresses exactly one label."""
        body, _, last = text.strip().rpartition("\n")
        asked = next((kind for kind, question in QUESTIONS.items() if question == last.strip()), "")
        body = " ".join((body if asked else text).split())
        reading = read(body)
        if reading is None or asked not in {"", reading.kind}:
            return None
        level = "hard" if reading.turned else "medium" if reading.sentences > 2 else "easy"
        return self._posed(body, reading.kind, reading.label, level)

    def vary(self, task: Task, seed: int) -> Task:
        """Another text of the same kind and level."""
        rng = random.Random(f"labels vary {task.id} {seed}")
        return self._task(rng, str(task.data["kind"]), str(task.data["level"]), task.split)

    def _task(self, rng: random.Random, kind: str, level: str, split: Split) -> Task:
        label = rng.choice(tuple(CUES[kind]))
        text = remark(rng, kind, label, level, lambda frames: self._splits.of(frames, split))
        return self._posed(text, kind, label, level)

    def _posed(self, text: str, kind: str, label: str, level: str) -> Task:
        data: dict[str, JsonValue] = {"kind": kind, "label": label, "level": level}
        return Task(self.name, f"{text}\n{QUESTIONS[kind]}", data=data, cell=f"{kind} {level}")
