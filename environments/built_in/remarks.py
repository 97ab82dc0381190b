"""Short texts for labels, made of frames: what is said, about what, and what surrounds it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from burnish.environments.built_in.lexicon import CUES
from burnish.environments.built_in.people import CITIES, GIVEN


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in text.split(","))


THINGS = _listed("""
    room, breakfast, staff, garden, service, film night, exhibition, terrace, guided tour, coffee, bathroom, view,
    dessert, museum shop, waiter, library, bedroom, swimming pool, reception, campsite, lunch, lecture, workshop, bar,
    lounge, sauna, playground, porter, lobby, balcony
""")
PLACES = _listed("""
    the Harbour Inn, the Blue Lantern, Maple House, the Old Mill, Station Street, the Corner Shop, Villa Aurora,
    the Winter Palace, Number Nine, the Red Barn, Hotel Meridian, the Ferry House, Castle Lane, the Green Room,
    Market Square, the Lighthouse, Willow Court, the Glass Pavilion, the North Pier, the Copper Kettle
""")
TOWNS = tuple(city for city in CITIES if "." not in city)  # a point would look like a sentence's end
DEGREES = ("", "really ", "quite ", "simply ", "truly ", "rather ")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

FACTS = (
    "We came on a {day} with {few} friends.",
    "It was our visit number {few}.",
    "The address is {few} Station Road in {city}.",
    "{name} had told us about it in {city}.",
    "All of this happened last {day}.",
    "I am writing this on the train to {city}.",
    "There were {few} of us.",
    "My colleague {name} read this before I sent it.",
    "The walk from the bus stop took {few} minutes.",
    "I have lived in {city} for {few} years.",
    "{name} was there as well.",
    "The number on the door is {few}.",
)
"""Sentences with no cue."""

# {a} and {b} are cues of the label, {x} one of another label; {thing} and {other} differ.
FRAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sentiment": {
            "plain": (
                "The {thing} at {place} was {degree}{a}.",
                "What {article_a} {thing} they have at {place}!",
                "The {thing} was {a} and the {other} was {degree}{b}.",
                "{name} and I found the {thing} at {place} {degree}{a}.",
                "At {place} we had {article_a} {thing}. The {other} was {b} too.",
            ),
            "turned": (
                "The {thing} at {place} was not at all {x}.",
                "The {thing} at {place} wasn't {x}.",
                "The {thing} at {place} was by no means {x}.",
                "The {thing} at {place} was as expected, but the {other} was hardly {x}.",
                "Although the {thing} was {x}, the {other} at {place} was so {a} that it is all I think of.",
                "I expected the {thing} at {place} to be {x}, but it was {a}.",
                "{name} had called the {thing} at {place} {x}. However, the {other} and the {thing} were {a}.",
                "The {thing} at {place} was {a}, though the {other} was {x}.",
                "{name} says that {place} is {x}, but I have never seen a place less so: the {thing} was {a}.",
            ),
        },
        "topic": {
            "plain": (
                "{name} wrote to me about the {a} and the {b}.",
                "On {day} there will be a talk in {city} about the {a}.",
                "The {a} came first, then the {b}, and {name} took notes.",
                "Can you explain to {name} what the {a} has to do with the {b}?",
                "In {city} everybody was speaking of the {a}.",
                "The {few} pages on the {a} are by {name} of {city}.",
            ),
            "turned": (
                "This is not about the {x}. {name} wants to speak about the {a}.",
                "Although {name} used to write about the {x}, these {few} pages are all about the {a}.",
                "{name} cares nothing for the {x} and asked us about the {a}.",
                "We had meant to speak of the {x}, but all {few} of us ended up with the {a}.",
                "{name} began with the {x} in {city}. However, the rest of the evening went to the {a} and the {b}.",
                "In {city} they never mention the {x}, only the {a}.",
            ),
        },
        "intent": {
            "plain": (
                "Hello, this is {name} from {city}. I would like to {do_a}.",
                "Please help me to {do_a} before {day}. Yours, {name}",
                "My name is {name} and I want to {do_a}.",
                "Could you let me {do_a} by {day}? I am in {city}.",
                "How can I {do_a}? I have {few} days left.",
                "{name} and I need to {do_a}.",
            ),
            "turned": (
                "I do not want to {do_x}. This is {name}, and I want to {do_a}.",
                "Although I wrote on {day} that I had to {do_x}, what I need today is to {do_a}.",
                "I no longer need to {do_x}, but please let me {do_a} by {day}.",
                "{name} told me to {do_x}. However, all I want is to {do_a}.",
                "There is no need to {do_x}; I am asking how to {do_a}.",
                "I have managed to {do_x} in {city}, but now I must {do_a}.",
            ),
        },
    }
)
"""Frames by kind; "plain" ones for levels easy and medium, "turned" ones for hard."""

REQUESTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "booking": _listed("""
            reserve a table, reserve two seats by the window, book a room, book a tour of the castle,
            make a reservation, book the small hall, sign up for the evening class, get an appointment,
            reserve a rowing boat
        """),
        "cancellation": _listed("""
            call off the visit, call off my trip, withdraw my order, terminate my contract, back out of the tour,
            opt out of the newsletter, pull out of the evening class, withdraw my request, terminate my membership
        """),
        "delivery": _listed("""
            find my parcel, have the package left with a neighbour, speak to the courier,
            track my shipment, send the parcel to my office, know when the consignment comes, meet the driver's van,
            pick the package up myself, follow the courier on a map
        """),
        "payment": _listed("""
            settle my bill, have the invoice corrected, split the bill in two, get a receipt, pay in instalments,
            use a bank transfer, set up a direct debit, see last month's invoice, pay the bill by card
        """),
    }
)
"""What a writer may want, by label of intent; each holds cues of that label alone."""


def remark(
    rng: random.Random,
    kind: str,
    label: str,
    level: str,
    allowed: Callable[[Sequence[str]], Sequence[str]] = lambda frames: frames,
) -> str:
    """A text of a level that expresses one label, made from a frame that is `allowed`."""
    frame = rng.choice(allowed(FRAMES[kind]["turned" if level == "hard" else "plain"]))
    sentences = [_filled(rng, frame, kind, label)]
    if level != "easy":
        count = rng.randint(3, 5) if level == "medium" else rng.randint(0, 2)
        sentences += (_filled(rng, fact, kind, label) for fact in rng.sample(FACTS, count))
    return " ".join(sentences)


def _filled(rng: random.Random, frame: str, kind: str, label: str) -> str:
    thing, other = rng.sample(THINGS, 2)
    a, b = rng.sample(CUES[kind][label], 2)
    rival = rng.choice([one for one in CUES[kind] if one != label])
    return frame.format(
        **dict(_requests(rng, kind, label, rival)),
        a=a,
        b=b,
        x=rng.choice(CUES[kind][rival]),
        article_a=f"an {a}" if a[0] in "aeiou" else f"a {a}",
        thing=thing,
        other=other,
        place=rng.choice(PLACES),
        degree=rng.choice(DEGREES),
        day=rng.choice(DAYS),
        city=rng.choice(TOWNS),
        name=rng.choice(GIVEN),
        few=rng.randint(2, 30),
    )


def _requests(rng: random.Random, kind: str, label: str, rival: str) -> Iterator[tuple[str, str]]:
    if kind == "intent":
        yield "do_a", rng.choice(REQUESTS[label])
        yield "do_x", rng.choice(REQUESTS[rival])
