"""Environments for `peers.py` as a stranger would write them: tasks, a judgement with a line of feedback, and reference
answers; no form, no levels and no cells.

`Sizes` and `Weekdays` were written after commit d3c1768, and nothing of Burnish was changed to do well on them.
`Opposites` was written after affe692 and `Reminders` after e44976c; they were looked at since, but nothing was made
for them. The others are no longer fresh: Burnish got nowhere on them, and what it lacked was added. For `LogLines`
those are answers shaped like an example in the feedback, for `PastTense` the text of a task but for one word, for
`Initials`, `Cheapest` and `Rooms` examples after "as in" and choices in the feedback, and for `Greetings` the first
words of an example and the shape of right answers.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from burnish.types import Feedback, Split, Task


class Fresh(ABC):
    """What they have in common: an expected answer that must be given word for word."""

    name = ""
    instruction = ""
    wrong = ""
    """What is said of a wrong answer."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of a split without end."""
        rng = random.Random(f"{self.name} {split} {seed}")
        while True:
            prompt, expected = self.posed(rng)
            task = Task(environment=self.name, prompt=prompt, data={"expected": expected})
            if task.split == split:
                yield task

    @abstractmethod
    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A prompt and its expected answer."""

    def score(self, task: Task, answer: str) -> Feedback:
        """1 for the expected answer, else 0."""
        right = answer.strip() == self.solve(task)
        return Feedback(reward=float(right), verified=right, text="" if right else self.wrong)

    def solve(self, task: Task) -> str:
        """The expected answer."""
        return str(task.data["expected"])


class LogLines(Fresh):
    """Take part, level and user out of a line of a log."""

    name = "log-lines"
    instruction = "Say of the log line which component wrote it, at which level, and about which user."
    wrong = "Expected component/LEVEL/user, such as mail/INFO/1207."

    COMPONENTS = ("payment", "mail", "search", "login", "upload", "billing", "catalogue", "delivery")
    LEVELS = ("INFO", "WARNING", "ERROR", "DEBUG")
    EVENTS: ClassVar = (
        "{level} {component}: request of user {user} took {n} ms",
        "[{component}] {level} - user={user} retries={n}",
        "{component} {level} quota of {n} MB reached (user {user})",
        "{level}: {n} items sent to user #{user} by {component}",
        "{component}.worker-{n} {level} session of {user} closed",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A line with a time of day."""
        component, level = rng.choice(self.COMPONENTS), rng.choice(self.LEVELS)
        user, n = rng.randint(1000, 9999), rng.randint(2, 900)
        event = rng.choice(self.EVENTS).format(component=component, level=level, user=user, n=n)
        time = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        return f"{time} {event}", f"{component}/{level}/{user}"


class Reminders(Fresh):
    """Shorten a reminder to a line of a calendar."""

    name = "reminders"
    instruction = "Write the reminder as a line of a calendar."
    wrong = "Write the day, the hour with 24 hours, a dash and what is to be done, as in: Mon 15h - call the bank"

    DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    THINGS = (
        "call the bank", "water the plants", "pay the rent", "feed the cat", "book a table", "fetch the parcel",
        "clean the oven", "write to Anna", "buy stamps", "return the books", "fix the bicycle", "cut the hedge",
    )  # fmt: skip
    FRAMES: ClassVar = (
        "Remind me on {day} at {hour} to {thing}.",
        "I must {thing}, {day} at {hour}.",
        "{day}, {hour}: please do not let me forget to {thing}.",
        "Could you tell me at {hour} on {day} that I have to {thing}?",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A day, an hour and a thing."""
        day, hour, thing = rng.choice(self.DAYS), rng.randint(7, 22), rng.choice(self.THINGS)
        said = f"{hour} am" if hour < 12 else "noon" if hour == 12 else f"{hour - 12} pm"
        return rng.choice(self.FRAMES).format(day=day, hour=said, thing=thing), f"{day[:3]} {hour}h - {thing}"


class PastTense(Fresh):
    """Put a sentence into the past."""

    name = "past-tense"
    instruction = "Put the sentence into the simple past."
    wrong = "That is not the sentence in the simple past, with nothing else changed or added."

    VERBS: ClassVar = (
        ("walks", "walked"), ("runs", "ran"), ("drives", "drove"), ("hurries", "hurried"), ("swims", "swam"),
        ("rides", "rode"), ("returns", "returned"), ("comes", "came"), ("goes", "went"), ("moves", "moved"),
        ("flies", "flew"), ("sails", "sailed"), ("wanders", "wandered"), ("creeps", "crept"), ("gets", "got"),
    )  # fmt: skip
    WHO = ("My aunt", "The teacher", "Our neighbour", "Nobody", "The old sailor", "Everyone", "The cat", "She")
    WHERE = ("to the harbour", "back to the village", "across the bay", "to the market", "home", "to the other side")
    WHEN = ("early in the morning", "without a word", "after lunch", "in the rain", "on Fridays", "with a friend")

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A sentence of four parts."""
        who, where, when = rng.choice(self.WHO), rng.choice(self.WHERE), rng.choice(self.WHEN)
        now, then = rng.choice(self.VERBS)
        return f"{who} {now} {where} {when}.", f"{who} {then} {where} {when}."


class Initials(Fresh):
    """Shorten the name that a sentence holds."""

    name = "initials"
    instruction = "Give the initials of the person who is named."
    wrong = "Give the first letters of both names, each with a full stop, as in: A.K."

    FIRST = ("Clara", "Jonas", "Miriam", "Peter", "Rosa", "Victor", "Helen", "Bruno", "Edith", "Samuel", "Nadia", "Tom")
    LAST = (
        "Winter",
        "Okafor",
        "Lindqvist",
        "Moreau",
        "Tanaka",
        "Fischer",
        "Delgado",
        "Novak",
        "Baker",
        "Rossi",
        "Hale",
    )
    FRAMES: ClassVar = (
        "{} called this morning.",
        "The parcel is for {}, second floor.",
        "We met {} at the station.",
        "Nobody has seen {} since Tuesday.",
        "A letter from {} came back.",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A sentence about somebody."""
        first, last = rng.choice(self.FIRST), rng.choice(self.LAST)
        return rng.choice(self.FRAMES).format(f"{first} {last}"), f"{first[0]}.{last[0]}."


class Opposites(Fresh):
    """Turn what a sentence says into its opposite."""

    name = "opposites"
    instruction = "Say the opposite."
    wrong = "Only the describing word changes, to its opposite."

    PAIRS: ClassVar = (
        ("hot", "cold"), ("big", "small"), ("old", "new"), ("early", "late"), ("full", "empty"), ("fast", "slow"),
        ("open", "closed"), ("heavy", "light"), ("wet", "dry"), ("loud", "quiet"), ("clean", "dirty"),
        ("long", "short"),
    )  # fmt: skip
    THINGS = ("soup", "train", "box", "door", "street", "shirt", "room", "letter", "bag", "garden", "boat", "bottle")
    PLACES = ("in the hall", "on the table", "near the river", "from Oslo", "of my brother", "behind the house")

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A sentence with one describing word."""
        thing, place = rng.choice(self.THINGS), rng.choice(self.PLACES)
        one, other = rng.choice(self.PAIRS)
        if rng.random() < 0.5:
            one, other = other, one
        return f"The {thing} {place} is {one}.", f"The {thing} {place} is {other}."


class Rooms(Fresh):
    """Choose the room where a thing is kept; the rooms are named by the feedback alone."""

    name = "rooms"
    instruction = "Into which room does it go?"
    wrong = "The rooms are kitchen, garage, bathroom and study."

    KEPT: ClassVar = {
        "kitchen": ("frying pan", "bread knife", "teapot", "whisk", "salad bowl", "corkscrew", "toaster", "ladle"),
        "garage": (
            "car jack",
            "spare tyre",
            "bicycle pump",
            "lawn mower",
            "motor oil",
            "snow chains",
            "ladder",
            "drill",
        ),
        "bathroom": ("toothbrush", "bath towel", "shampoo", "hair dryer", "soap dish", "razor", "sponge", "comb"),
        "study": ("printer", "stapler", "desk lamp", "dictionary", "ink bottle", "paper clips", "atlas", "envelopes"),
    }
    FRAMES: ClassVar = (
        "We bought a {} for aunt {who}.",
        "Where shall I put the {} of {who}?",
        "{who} came and left a {} here.",
        "There is still a {} in the box that {who} sent.",
    )
    WHO = ("Anna", "Boris", "Carmen", "Dora", "Emil", "Fatima", "Greta", "Hugo", "Ines", "Jan")

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A thing to put away."""
        room = rng.choice(sorted(self.KEPT))
        return rng.choice(self.FRAMES).format(rng.choice(self.KEPT[room]), who=rng.choice(self.WHO)), room


class Cheapest(Fresh):
    """Find the cheapest of three things."""

    name = "cheapest"
    instruction = "Which of the things is the cheapest, and what does it cost?"
    wrong = "The answer is the cheapest thing and its price, as in: lamp 19"

    THINGS = ("kettle", "lamp", "chair", "radio", "mirror", "clock", "blanket", "toaster", "shelf", "bicycle", "drum")
    FRAMES: ClassVar = (
        "The {0} costs {3} euros, the {1} {4} and the {2} {5}.",
        "A {0} for {3} euros, a {1} for {4} euros or a {2} for {5} euros?",
        "Price list: {0} {3}, {1} {4}, {2} {5}.",
        "I saw a {0} at {3} euros; the {1} was {4} and the {2} {5}.",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """Three things at three prices."""
        things, prices = rng.sample(self.THINGS, 3), rng.sample(range(5, 100), 3)
        price, thing = min(zip(prices, things, strict=True))
        return rng.choice(self.FRAMES).format(*things, *prices), f"{thing} {price}"


class Sizes(Fresh):
    """Say which size fits; the sizes are named by the instruction alone."""

    name = "sizes"
    instruction = "Which size fits? Answer small, medium or large."
    wrong = "That size does not fit."

    THINGS: ClassVar = {
        "small": ("a mouse", "a ring", "a stamp", "an egg", "a coin", "a pea", "a thimble", "a key"),
        "medium": ("a cat", "a pair of shoes", "a teapot", "a football", "a toaster", "a violin", "a goose", "a hat"),
        "large": ("a horse", "a piano", "a wardrobe", "a sofa", "a canoe", "a fridge", "a cow", "a bathtub"),
    }
    FRAMES: ClassVar = (
        "I need a box for {}.",
        "{who} wants to send {}.",
        "The crate must hold {} and some straw.",
        "We will wrap {} for {who}.",
    )
    WHO = ("Ada", "Björn", "Chloe", "Dimitri", "Elif", "Farid", "Gwen", "Hiro")

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A thing to be packed."""
        size = rng.choice(sorted(self.THINGS))
        return rng.choice(self.FRAMES).format(rng.choice(self.THINGS[size]), who=rng.choice(self.WHO)), size


class Greetings(Fresh):
    """Write how a letter to somebody begins."""

    name = "greetings"
    instruction = "Write the greeting of a letter to this person."
    wrong = "Expected the title and the last name, for instance: Dear Mr Fox,"

    FIRST: ClassVar = {
        "Ms": ("Laura", "Mary", "Susan", "Karen", "Julia", "Emma", "Sarah", "Nancy"),
        "Mr": ("John", "Peter", "David", "Robert", "Paul", "James", "Henry", "Mark"),
    }
    LAST = (
        "Stone",
        "Rivera",
        "Young",
        "Marsh",
        "Keller",
        "Brooks",
        "Wagner",
        "Sharp",
        "Dunn",
        "Olsen",
        "Price",
        "Vance",
    )
    FRAMES: ClassVar = (
        "{} has ordered two lamps.",
        "The bill was paid by {} last week.",
        "It is for {}, our new neighbour.",
        "{} asked for the catalogue.",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """A sentence about somebody."""
        title = rng.choice(sorted(self.FIRST))
        first, last = rng.choice(self.FIRST[title]), rng.choice(self.LAST)
        return rng.choice(self.FRAMES).format(f"{first} {last}"), f"Dear {title} {last},"


class Weekdays(Fresh):
    """Name the next day of the week."""

    name = "weekdays"
    instruction = "Name the day after the one that is mentioned."
    wrong = "That is not the day after."

    DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    THINGS = ("The market", "Our meeting", "The concert", "The bus trip", "Her exam", "The delivery", "The party")
    FRAMES: ClassVar = (
        "{thing} is on {day}.",
        "{thing} was moved to {day}.",
        "On {day}: {small}.",
        "{day} is the day of {small}.",
    )

    def posed(self, rng: random.Random) -> tuple[str, str]:
        """Something that is on a day."""
        place, thing = rng.randrange(7), rng.choice(self.THINGS)
        frame = rng.choice(self.FRAMES)
        small = thing[0].lower() + thing[1:]
        return frame.format(thing=thing, small=small, day=self.DAYS[place]), self.DAYS[(place + 1) % 7]
