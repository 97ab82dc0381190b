"""Promises that no right answer is had without solving a task: by a list of many, or by a rule about the prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from types import MappingProxyType

from burnish.environments.kit.checks.judging import SOLVE, pays, same, varied
from burnish.environments.kit.findings import Broken, example, smallest
from burnish.environments.kit.hostile import functions_in
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, advice, count, kept, unknown, verdict
from burnish.types import Task, canonical_text

NEARLY_ALL = 0.8
"""Share of tasks from which a rule, or one answer for all, counts as a way round them."""
LEAST = 8
"""Tasks with answers from which that can be told."""
LEAST_OTHERS = 2
BESIDE = 3
"""Answers to other tasks in a list, before and after the right one, at most."""
CONTEXT = 6
"""Characters before an answer within a prompt that are the same in all prompts and so give it away."""

WITHOUT, AMONG, GOES_ON = "without the right answer", "among others", "goes on"
SEPARATORS = ("\n", ", ", " or ")
TAILS = ("\nI am quite sure of that.", " (as far as I can see; zyzzyvas are beetles)")

_TOLD = re.compile(
    r"\b(?:answer|solution|expected|correct|gold|label|target|result)\b(?:\s+(?:is|was))?\s*[:=]?\s*"
    r"[\"'(]*(?P<answer>[^\n]+?)[\"')]*(?=[.;)\n]|$)",
    re.IGNORECASE,
)


def _first(found: list[str]) -> str:
    return found[0] if found else ""


def _last_answer(pattern: re.Pattern[str], prompt: str) -> str:
    return _first([found["answer"].strip() for found in pattern.finditer(prompt)][-1:])


PLACES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "its last line": lambda p: p.strip().rpartition("\n")[2],
        "its first line": lambda p: p.strip().partition("\n")[0],
        "its last word": lambda p: _first(re.findall(r"\w+", p)[-1:]),
        "its first word": lambda p: _first(re.findall(r"\w+", p)),
        "its longest word": lambda p: max(re.findall(r"\w+", p), key=len, default=""),
    }
)
"""What may be taken out of a prompt without reading it. A task may be to find just that."""


async def one_answer(probe: EnvironmentProbe) -> Seen:
    """An answer that lists several does not pay, nor does a right one that goes on."""
    if "episodes" in probe.abilities:
        return Seen("not applicable", "its answers are the actions of an episode, one after another")
    known = varied(await probe.solved(probe.some(60)), probe.some(12))
    solved = [(task, own) for task, own in known if not functions_in(own)]
    hedged: dict[str, list[tuple[Task, str]]] = {how: [] for how in (WITHOUT, AMONG, "first", "last", GOES_ON)}
    for task, own in solved[: probe.some(6)]:
        others = list(dict.fromkeys(other for _, other in solved if not same(other, own)))
        if len(others) < LEAST_OTHERS:
            continue
        half = min(BESIDE, len(others) // 2)
        before, after = others[:half], others[half : 2 * half]
        for between in SEPARATORS:
            hedged[WITHOUT].append((task, between.join([*before, *after])))
            hedged[AMONG].append((task, between.join([*before, own, *after])))
            hedged["first"].append((task, between.join([own, *before])))
            hedged["last"].append((task, between.join([*before, own])))
        hedged[GOES_ON] += [(task, own + tail) for tail in TAILS]
    if not hedged["first"]:
        return unknown("it takes tasks with different answers, which are no programs")
    without, among = hedged.pop(WITHOUT), hedged.pop(AMONG)
    if any(map(pays, await probe.judge(without))):
        return unknown("lists without the right answer are paid too: see the promise `others unpaid`")
    paid = [pair for pair, one in zip(among, await probe.judge(among), strict=True) if pays(one)]
    if paid:
        said = f"{count(len(paid), 'answer')} that list the right answer among others are paid"
        raise Broken(said, smallest(paid, "it paid"))
    for how, pairs in hedged.items():
        verified = [pair for pair, one in zip(pairs, await probe.judge(pairs), strict=True) if one.verified]
        if verified:
            said = how if how == GOES_ON else f"lists others too, the right one {how}"
            return advice(
                f"an answer that {said} is verified; memory will hold such answers, and the model learn to give them",
                smallest(verified, "it is verified"),
            )
    tried = len(among) + sum(map(len, hedged.values()))
    return kept(f"{count(tried, 'answer')} that list several or go on, none paid")


async def no_shortcut(probe: EnvironmentProbe) -> Seen:
    """No one answer is right for nearly all tasks, and no rule finds it in the prompt."""
    solved = await probe.solved(probe.some(60))
    if len(solved) < LEAST:
        return unknown(f"it takes {LEAST} tasks with answers")
    often = Counter(canonical_text(own).casefold() for _, own in solved)
    ((most, times),) = often.most_common(1)
    if times >= NEARLY_ALL * len(solved):
        task, own = next(pair for pair in solved if canonical_text(pair[1]).casefold() == most)
        said = f"one answer is right for {times} of {len(solved)} tasks: whoever always gives it need not read them"
        raise Broken(said, example(task, own, "its own answer"))
    for what, rule, told in _rules(solved):
        right = [(task, own) for task, own in solved if same(rule(task.prompt), own)]
        if len(right) >= NEARLY_ALL * len(solved):
            task, own = min(right, key=lambda pair: len(pair[0].prompt))
            said = f"{what} is the right answer to {len(right)} of {len(solved)} tasks: the prompt gives it away"
            (one,) = await probe.judge([(task, rule(task.prompt))])
            seen = example(task, rule(task.prompt), verdict(one))
            if told:
                raise Broken(said, seen)
            return advice(said, seen)
    return kept(f"{len(often)} different answers to {count(len(solved), 'task')}, none to be had by a plain rule")


def _rules(solved: list[tuple[Task, str]]) -> Iterator[tuple[str, Callable[[str], str], bool]]:
    """Rules by which an answer may be found in a prompt, and whether each says that somebody put it there."""
    yield "what stands after a word like `answer` in it", partial(_last_answer, _TOLD), True
    contexts = Counter(
        prompt[found - CONTEXT : found]
        for task, own in islice(solved, 20)
        if own and (found := (prompt := task.prompt).rfind(own)) >= CONTEXT
    )
    for context, times in contexts.most_common(1):
        if times > 1 and re.search(r"[:=>(\[]\s*$", context):
            after = re.compile(rf"{re.escape(context)}(?P<answer>[^\n]+?)[)\]>\"']*(?=[.;\n]|$)")
            yield (
                f"what stands after {context.strip()!r} in it",
                partial(_last_answer, after),
                False,
            )  # a task may be to find it
    for what, rule in PLACES.items():
        yield what, rule, False


SHORTCUTS = (
    Promise("one answer", "an answer that lists several does not pay", one_answer, "answers", SOLVE),
    Promise("no shortcut", "no rule finds right answers without reading", no_shortcut, "answers", SOLVE),
)
