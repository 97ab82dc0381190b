"""Contacts: a text about a person, answered by a JSON object of name, age, city and job."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.objects import FoundObject, find_object
from burnish.environments.built_in.people import CITIES, FAMILY, GIVEN, JOBS
from burnish.environments.built_in.templates import Splits
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Split, Status, Task, canonical_text

KEYS = ("name", "age", "city", "job")

ONLY_OBJECT = "the answer must be one JSON object and nothing else"
ONLY_KEYS = 'leave out every key but "name", "age", "city", "job"'
NO_REPEATS = "the answer must have every key only once"
AGE_IS_NUMBER = 'the value of "age" must be a number without quotes'

# {a_job} is the job with its article, {an_age} "a 31" or "an 18"; what else is named is there to distract.
SHAPES = MappingProxyType(
    {
        "plain": "{name} is {age} years old, lives in {city} and works as {a_job}.",
        "apposition": "{name}, {an_age}-year-old {job} from {city}, has joined the club.",
        "at_age": "At {age}, {name} works as {a_job} in {city}.",
        "job_first": "Our new {job} is {name}, aged {age}, who lives in {city}.",
        "city_first": "In {city} lives {name}, {age} years old and {a_job} by trade.",
        "brackets": "{name} ({age}), {job}, {city}.",
        "introduction": "Hello, my name is {name}. I am {age} and I work as {a_job} in {city}.",
        "birthday": "{name} from {city} turned {age} last week and still works as {a_job}.",
        "card": "Profession: {job} | Residence: {city} | {name}, {age}",
        "directory": "Entry for {city}: {name}. Occupation: {job}. Years of age: {age}.",
        "telephone": "I spoke with {a_job} called {name} today. Home is {city}, the age given was {age}, and the "
        "call took {few} minutes.",
        "invoice": "Invoice {number} goes to {name}, {a_job} in {city}, aged {age}. It is due in {few} days.",
        "conference": "{name}, {age}, is {a_job}. Home is {city}, though this week's conference is in {other_city}.",
        "career": "{name} used to be {a_other_job}. Today, at {age}, {name} lives in {city} and is {a_job}.",
        "dog": "{name} lives in {city} with a dog that is {few} years old. {name} is {age} and works as {a_job}.",
        "moved": "Do you know {name}? That is the {age}-year-old {job} who moved from {other_city} to {city}.",
    }
)
"""Sentence shapes; each is a cell."""

LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sentences": ("plain", "apposition", "at_age", "job_first", "city_first", "introduction", "birthday"),
        "notes": ("brackets", "card", "directory"),
        "strangers": ("telephone", "invoice", "conference", "career", "dog", "moved"),
    }
)
"""Shapes by level: whole sentences, notes without one, and texts that name another number, city or job besides."""


class Contacts:
    """Extract a contact (name, age, city, job) from a sentence or two as a JSON object.

    Tasks are made without end from 16 sentence shapes, of which the first `shapes` are used, and of these the ones of
    a level where one is asked for.
    """

    name = "contacts"
    instruction = 'Extract the contact from the text as JSON with the keys "name", "age", "city" and "job".'
    licence = "Apache-2.0"
    provenance = "Made by Burnish from sentence shapes and lists of words of its own; nobody in it is real."
    levels = tuple(LEVELS)

    def __init__(self, *, shapes: int = len(SHAPES), level: str = "", splits: str = "by task") -> None:
        self._splits = Splits(self.name, splits)
        self.shifted = self._splits.by_template
        if shapes not in range(1, len(SHAPES) + 1):
            raise ConfigError(f"contacts: shapes is {shapes!r}; give a whole number from 1 to {len(SHAPES)}")
        self._first = int(shapes)
        of_level = {shape for name in chosen_levels(self.name, level, self.levels) for shape in LEVELS[name]}
        self._shapes = tuple((name, text) for name, text in islice(SHAPES.items(), int(shapes)) if name in of_level)
        if not self._shapes:
            raise ConfigError(f'contacts: none of the first {shapes} shapes is of level "{level}"; give more shapes')

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(shapes=self._first, level=level, splits=self._splits.way)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; rarely, one comes twice."""
        # A text seed goes through SHA-512, so it is the same in every process, unlike `hash`.
        rng, shapes = random.Random(f"contacts {split} {seed}"), self._splits.of(self._shapes, split)
        while True:
            task = self._task(rng, shapes)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """The share of the four fields that are right; verified when all are and nothing was added.

        Texts count as equal when they are so after NFC and folding of white space.
        """
        found = find_object(answer)
        if found is None:
            return Feedback(
                reward=0.0,
                verified=False,
                text="\n".join([ONLY_OBJECT, *(_needs(key) for key in KEYS)]),
                parts=dict.fromkeys(KEYS, 0.0),
                status=Status.UNPARSABLE,
            )
        wrong = {key: problem for key in KEYS if (problem := _problem(task.data[key], key, found))}
        lines = [*_surplus(found), *wrong.values()]
        parts = {key: float(key not in wrong) for key in KEYS}
        return Feedback(reward=sum(parts.values()) / len(KEYS), verified=not lines, text="\n".join(lines), parts=parts)

    def solve(self, task: Task) -> str:
        """The four fields as JSON."""
        return json.dumps({key: task.data[key] for key in KEYS}, ensure_ascii=False)

    def _task(self, rng: random.Random, shapes: Sequence[tuple[str, str]]) -> Task:
        cell, template = rng.choice(shapes)
        city, other_city = rng.sample(CITIES, 2)
        job, other_job = rng.sample(JOBS, 2)
        data: dict[str, JsonValue] = {"name": _full_name(rng), "age": rng.randint(18, 89), "city": city, "job": job}
        prompt = template.format(
            **data,
            a_job=_with_article(job),
            an_age=_with_article(str(data["age"])),
            other_city=other_city,
            a_other_job=_with_article(other_job),
            few=rng.randint(2, 12),
            number=rng.randint(1000, 9999),
        )
        return Task(environment=self.name, prompt=prompt, data=data, cell=cell)


def _full_name(rng: random.Random) -> str:
    given, second = rng.sample(GIVEN, 2)
    family, other = rng.sample(FAMILY, 2)
    return rng.choices(
        (f"{given} {family}", f"{given} {second} {family}", f"{given} {family} {other}"), weights=(6, 3, 1)
    )[0]


def _with_article(word: str) -> str:
    # Of the ages 18 to 89, eighteen and the eighties take "an".
    return f"an {word}" if word[0] in "aeiou8" or word == "18" else f"a {word}"


def _needs(key: str) -> str:
    return f'"{key}" must not be left out'


def _problem(expected: JsonValue, key: str, found: FoundObject) -> str:
    if key not in found.values:
        return _needs(key)
    value = found.values[key]
    if isinstance(expected, str):
        right = isinstance(value, str) and canonical_text(value) == canonical_text(expected)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        right = isinstance(value, int) and value == expected
    else:
        return AGE_IS_NUMBER
    return "" if right else f'copy the value of "{key}" exactly from the text'


def _surplus(found: FoundObject) -> Iterator[str]:
    # Keys are the model's words: naming them would let an answer write the lines that become rules.
    if not found.alone:
        yield ONLY_OBJECT
    if found.repeated:
        yield NO_REPEATS
    if found.values.keys() - set(KEYS):
        yield ONLY_KEYS
