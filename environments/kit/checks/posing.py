"""Promises on the tasks an environment poses and on what it says of itself."""

from __future__ import annotations

import difflib
import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.kit.findings import Broken, example
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, advice, apart, count, kept, unknown, verdict
from burnish.environments.licences import flaw_of
from burnish.protocols import ABILITIES, Environment
from burnish.spelling import close_to
from burnish.types import SPLITS, Task, canonical_json

SEEDS = (1, 2)
"""Seeds whose tasks are drawn beside those of seed 0."""

COMPARED = 40
"""Tasks of a split and a seed that are compared."""

LONG_PROMPT = 20_000
"""Characters of a prompt beyond which it is likely a mistake."""

MANY_REPEATS = 0.5
MANY_COPIES = 0.01
"""Share of tasks that may by chance have a near copy in another split."""

NEAR_ENOUGH = 0.8
"""Likeness from which a member's name may be a misspelt one."""

LONGER = 1
"""Characters by which a misspelt name may be longer or shorter: `format` is not meant for `form`."""

COMMON = {"solve", "parse", "call", "start"}
"""Members so common that one alone begins no ability."""

MOST_COMPARED = 1_000

TWIN = 0.4
"""The share of two texts' words, each weighed by how rare it is, from which on they may be about the same thing."""
MANY_TWINS = 0.1
"""Share of test tasks that may be solved by an answer to a train task that reads alike."""

_SHARED = {"tasks", "score", "name", "instruction"}


async def enough(probe: EnvironmentProbe) -> Seen:
    """Every split has its least number of distinct tasks."""
    found = {split: len(await probe.drawn(split)) for split in SPLITS}
    few = [split for split in SPLITS if found[split] < probe.limits.least[split]]
    if few:
        there = ", ".join(f"{found[split]} {split}" for split in SPLITS)
        needed = ", ".join(f"{probe.limits.least[split]} {split}" for split in SPLITS)
        raise Broken(f"there are too few distinct tasks: {there}; a run needs at least {needed}")
    candidates = [task for split in SPLITS for task in probe.candidates[split] if task.split == split]
    repeats = 1 - len({task.id for task in candidates}) / max(1, len(candidates))
    if repeats > MANY_REPEATS:
        return advice(f"{repeats:.0%} of the tasks are repeats, which are passed over; yield more different ones")
    longest = max(candidates, key=lambda task: len(task.prompt))
    if len(longest.prompt) > LONG_PROMPT:
        said = f"prompts have up to {len(longest.prompt):,} characters, about {len(longest.prompt) // 4:,} tokens"
        return advice(f"{said}: few models can read that together with exemplars", example(longest))
    cells = {task.cell for task in candidates}
    many = ", ".join(f"{found[split]} {split}" for split in SPLITS)
    return kept(f"{many} tasks seen, in {count(len(cells), 'cell')}, {repeats:.0%} of them repeats")


async def same_again(probe: EnvironmentProbe) -> Seen:
    """The same split and seed give the same tasks."""
    tried = 0
    for split in SPLITS:
        drawn = await probe.drawn(split)
        first = drawn[: probe.few(COMPARED)]
        again = await probe.draw(split, 0, len(first))
        for number, (task, other) in enumerate(zip(first, again, strict=False)):
            if task != other:
                asked = f"task {number} of tasks({split!r}, 0), asked for twice"
                raise Broken("equal arguments gave other tasks", example(task, None, f"{asked}: {other.prompt!r:.120}"))
        if len(again) < len(first):
            raise Broken(f"tasks({split!r}, 0) gave {len(first)} tasks, and then {len(again)}")
        tried += len(first)
    return kept(f"{count(tried, 'task')} drawn twice")


async def disjoint(probe: EnvironmentProbe) -> Seen:
    """No task, nor a near copy of it, is in two splits, whatever the seed."""
    homes: dict[str, Task] = {}
    likes: dict[str, Task] = {}
    copies = []
    for split in SPLITS:
        await probe.drawn(split)
        drawn = [task for seed in SEEDS for task in await probe.draw(split, seed, probe.few(COMPARED))]
        for task in [*drawn, *probe.candidates[split][:MOST_COMPARED]]:
            other = homes.setdefault(task.id, task)
            if other.split != task.split:
                raise Broken(f"a task is in {other.split} and in {task.split}", example(task))
            like = likes.setdefault(_folded(task.prompt), task)
            if like.split != task.split:
                copies.append((task, like))
    if len(copies) > MANY_COPIES * len(homes):
        task, like = min(copies, key=lambda pair: len(pair[0].prompt))
        said = f"differs from a {like.split} task by case and punctuation alone: {like.prompt!r:.100}"
        return advice(
            f"{count(len(copies), 'task')} of one split have a near copy in another", example(task, seen=said)
        )
    return kept(f"{count(len(homes), 'task')} of {len(SEEDS) + 1} seeds")


async def untwinned(probe: EnvironmentProbe) -> Seen:
    """Hardly a test task reads like a train task whose expected answer is right for it too."""
    known = [(task, gold) for task in await probe.drawn("train") if (gold := await probe.gold(task))]
    asked = (await probe.drawn("test"))[: probe.few(COMPARED)]
    if not known or not asked:
        return unknown("it takes expected answers (`solve`)")
    words = [_content(task.prompt) for task, _ in known]
    often = Counter(word for found in words for word in found)
    near = [(task, *known[place]) for task in asked if (place := _twin(task, words, often)) is not None]
    verdicts = await probe.judge([(task, gold) for task, _, gold in near])
    copied = [(task, twin) for (task, twin, _), one in zip(near, verdicts, strict=True) if one.verified]
    if len(copied) > MANY_TWINS * len(asked):
        task, twin = min(copied, key=lambda pair: len(pair[0].prompt))
        said = f"reads like a train task whose answer is right for it: {twin.prompt!r:.100}"
        return advice(
            f"{len(copied)} of {len(asked)} test tasks can be solved by copying from a train task in other words; give "
            "tasks about the same thing the same prompt, or a split of their own",
            example(task, seen=said),
        )
    return kept(f"{len(copied)} of {len(asked)} test tasks are solved by the answer of a train task that reads alike")


async def survives_json(probe: EnvironmentProbe) -> Seen:
    """A task that went through JSON is equal and judged the same, and so is its feedback."""
    tasks = (await probe.sample(12)) and [task for split in SPLITS for task in probe.candidates[split][:4]]
    pairs = [(task, answer) for task in tasks for answer in dict.fromkeys(("", "x", await probe.gold(task) or ""))]
    back = [(_through_json(task), answer) for task, answer in pairs]
    first, again = await probe.judge(pairs), await probe.judge(back)
    for (task, answer), one, other in zip(pairs, first, again, strict=True):
        if one != other:
            said = f"before {verdict(one)}, after {verdict(other)}{apart(one, other)}"
            raise Broken("a task is judged otherwise after a round trip through JSON", example(task, answer, said))
    return kept(f"{count(len(tasks), 'task')}, {count(len(pairs), 'verdict')}")


async def licensed(probe: EnvironmentProbe) -> Seen:
    """`licence` is an SPDX expression and `provenance` a sentence."""
    licence, provenance = (getattr(probe.environment, name, "") for name in ("licence", "provenance"))
    asked = {"licence": (licence, "the SPDX name of the tasks' licence"), "provenance": (provenance, "their origin")}
    missing = [f"`{name}`, {what}" for name, (value, what) in asked.items() if not _said(value)]
    if missing:
        american = "; `license` is spelt `licence` here" if hasattr(probe.environment, "license") else ""
        raise Broken(f"set {' and '.join(missing)}{american}")
    if flaw := flaw_of(licence):
        raise Broken(f"licence is {licence!r}, {flaw}")
    return kept(licence)


async def whole_abilities(probe: EnvironmentProbe) -> Seen:
    """Every ability that is begun has all its members, by their right names."""
    environment = probe.environment
    members = {name: _members(protocol) for name, protocol in ABILITIES.items()}
    whole = {member for name in probe.abilities for member in members[name]}
    known = {*_SHARED, *(member for names in members.values() for member in names)}
    own = [name for name in dir(environment) if not name.startswith("_") and name not in known]
    for ability, names in sorted(members.items(), key=lambda item: len(item[1])):
        if ability in probe.abilities:
            continue
        missing = [name for name in names if not hasattr(environment, name)]
        begun = [name for name in names if name not in missing]
        of_none = set(begun) - whole
        for name in begun:
            if callable(getattr(ABILITIES[ability], name, None)) and not callable(getattr(environment, name)):
                raise Broken(f"`{name}` is {getattr(environment, name)!r:.40} and no method")
        meant = {name: near for name in missing if (near := _misspelt(environment, name, own, ABILITIES[ability]))}
        for name, near in meant.items():
            raise Broken(f"`{near}` may be meant for `{name}`, of the ability {ability}; rename it")
        if ability != "licence" and (len(of_none) > 1 or of_none - COMMON):  # of a licence there is a promise
            has, lacks = (" and ".join(f"`{name}`" for name in some) for some in (begun, missing))
            raise Broken(f"it has {has} but not {lacks}, so it has not the ability {ability}; add what is missing")
    return kept(", ".join(probe.abilities) or "none besides tasks and verdicts")


def _content(prompt: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", prompt.casefold()))


def _twin(task: Task, words: Sequence[frozenset[str]], often: Mapping[str, int]) -> int | None:
    """The place of the text that has most of a task's rare words, where those outweigh what either has alone."""
    own = _content(task.prompt)

    def weight(some: Iterable[str]) -> float:
        return sum(1 / (1 + often.get(word, 0)) for word in some)

    shared = [weight(own & other) / max(weight(own | other), 1e-9) for other in words]
    best = max(range(len(shared)), key=shared.__getitem__, default=None)
    return best if best is not None and shared[best] >= TWIN else None


def _through_json(task: Task) -> Task:
    text = guarded_call(lambda: canonical_json(task.to_json()))
    if isinstance(text, Raised):
        raise Broken(f"a task is not JSON: {text}", example(task))
    back = Task.from_json(json.loads(text))
    if back.to_json() != json.loads(text):
        raise Broken("JSON changes a task", example(task))
    return back


def _folded(prompt: str) -> str:
    return " ".join(re.sub(r"[.,;:!?\"'`]+(?=\s|$)|(?<!\w)[\"'`]", "", prompt.casefold()).split())


def _said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _members(protocol: type) -> list[str]:
    """Names of what a protocol asks for, its bases' included."""
    bases = [base for base in protocol.__mro__ if base not in {object, Protocol} and base.__module__ != "typing"]
    names = (name for base in reversed(bases) for name in (*inspect.get_annotations(base), *vars(base)))
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def _misspelt(environment: Environment, name: str, own: Iterable[str], protocol: type) -> str:
    """A member whose name is nearly the missing one, and which is of its kind: a method or a value."""
    near = _nearest(name, own)
    method = callable(getattr(protocol, name, None))
    value = guarded_call(lambda: getattr(environment, near, None))
    return near if near and callable(value) == method else ""


def _nearest(name: str, own: Iterable[str]) -> str:
    """The member that is most likely a name written otherwise, empty where there is none."""
    folded, members = name.replace("_", ""), list(own)
    for other in members:
        if other.casefold().replace("_", "") in {folded, f"get{folded}"}:
            return other
    near = close_to(name, members)
    alike = difflib.SequenceMatcher(None, near, name).ratio() >= NEAR_ENOUGH and abs(len(near) - len(name)) <= LONGER
    return near if alike else ""


POSING = (
    Promise("abilities", "every ability that is begun is whole and spelt right", whole_abilities),
    Promise("licence", "licence and provenance are set", licensed),
    Promise("tasks", "every split has enough distinct tasks", enough),
    Promise("same again", "equal split and seed give equal tasks", same_again),
    Promise("splits", "no task is in two splits, whatever the seed", disjoint),
    Promise("no twins", "no test task is a train task in other words", untwinned),
    Promise("json", "tasks survive JSON and are judged the same after it", survives_json),
)
