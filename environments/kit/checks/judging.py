"""Promises on the verdicts of an environment."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from burnish.environments.kit.findings import Broken, example, smallest
from burnish.environments.kit.hostile import CANARY, CANARY_WORD, altered, attacks_on, functions_in, hostile_to
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, advice, apart, count, kept, unknown, verdict
from burnish.types import Feedback, Task, canonical_text

Pair: TypeAlias = tuple[Task, str]

MANY_BY_CHANCE = 0.05
"""Share of other tasks' answers that may be right by chance: tasks may have more than one."""

MOST_SHRINKING = 24
SOLVE = "it knows no answers of its own, as `solve(task) -> str` would give them, so this cannot be tried"


async def in_time(probe: EnvironmentProbe) -> Seen:
    """A verdict comes in time; here they are timed, one by one."""
    tasks = await probe.sample(12)
    for task in tasks:
        for answer in ("", await probe.gold(task) or "x"):
            await probe.judge([(task, answer)])
    spread = probe.times["score"]
    return kept(f"{spread.count} verdicts took {1000 * spread.p50:.3g} ms (p50) and {1000 * spread.p95:.3g} ms (p95)")


async def gold_pays(probe: EnvironmentProbe) -> Seen:
    """The environment's own answer is verified at reward 1."""
    pairs = await probe.solved(probe.some(60))
    if not pairs:
        return unknown("solve knows no answer to any of the tasks")
    failed = [
        (pair, one)
        for pair, one in zip(pairs, await probe.judge(pairs), strict=True)
        if not one.verified or one.reward < 1
    ]
    if failed:
        (task, answer), worst = min(failed, key=lambda item: len(item[0][1]))
        said = f"{verdict(worst)}: {worst.text[:200]}"
        raise Broken(f"{len(failed)} of {len(pairs)} own answers are not verified", example(task, answer, said))
    return kept(f"{count(len(pairs), 'own answer')} verified")


async def any_text_is_judged(probe: EnvironmentProbe) -> Seen:
    """Hostile answers are judged: nothing is raised."""
    tasks = await probe.sample(1 if probe.slow else 2)
    pairs = [(task, answer) for task in tasks for answer in hostile_to(task)]

    async def fails(pair: Pair) -> bool:
        return not (await probe.verdicts([pair]))[0].status.judged

    failed = [p for p, one in zip(pairs, await probe.verdicts(pairs), strict=True) if not one.status.judged]
    if failed:
        task, answer = await shrunk(min(failed, key=lambda pair: len(pair[1])), fails)
        (one,) = await probe.verdicts([(task, answer)])
        raise Broken(f"{count(len(failed), 'answer')} got no verdict", example(task, answer, one.text))
    return kept(f"{count(len(pairs), 'hostile answer')} judged")


async def hostile_unpaid(probe: EnvironmentProbe) -> Seen:
    """No hostile answer is verified or has reward 1."""
    pairs = []
    for task in await probe.sample(1 if probe.slow else 2):
        right = await probe.gold(task)
        pairs += [(task, answer) for answer in hostile_to(task) if not same(answer, right)]
    feedback = await probe.judge(pairs)

    async def paid(pair: Pair) -> bool:
        return pays((await probe.judge([pair]))[0])

    wrong = [pair for pair, one in zip(pairs, feedback, strict=True) if pays(one)]
    if wrong:
        task, answer = await shrunk(min(wrong, key=lambda pair: len(pair[1])), paid)
        (one,) = await probe.judge([(task, answer)])
        raise Broken(f"{count(len(wrong), 'hostile answer')} paid", example(task, answer, verdict(one)))
    return kept(f"{count(len(pairs), 'hostile answer')}, none paid")


async def others_unpaid(probe: EnvironmentProbe) -> Seen:
    """The answers of other tasks are not verified."""
    solved = varied(await probe.solved(probe.some(60)), probe.some(9))
    if not solved:
        return unknown("solve knows no answer to any of the tasks")
    pairs = [(task, other) for task, own in solved for _, other in solved if not same(own, other)]
    if not pairs:
        return unknown("the tasks that were tried all have the same answer")
    paid = [pair for pair, one in zip(pairs, await probe.judge(pairs), strict=True) if one.verified]
    share = len(paid) / len(pairs)
    if share > MANY_BY_CHANCE:
        raise Broken(f"{share:.0%} of the answers to other tasks paid", smallest(paid, "it paid"))
    if paid:
        said = f"{len(paid)} of {len(pairs)} answers to other tasks paid, as by chance; see whether they are right"
        return advice(said, smallest(paid, "it paid"))
    return kept(f"{count(len(pairs), 'answer')} to other tasks, none paid")


async def code_survives(probe: EnvironmentProbe) -> Seen:
    """Programs that attack what judges them are not paid, and are judged. Last, as they may harm this process."""
    if not probe.alone:
        return unknown("attacks are tried in a process of their own; check a file or a name instead of a live object")
    solved = [(task, answer) for task, answer in await probe.solved(probe.some(12)) if functions_in(answer)]
    if not solved:
        return Seen("not applicable", "its own answers define no Python function")
    task, answer = solved[0]
    attacks = list(attacks_on(answer))
    for what, code in attacks:
        (one,) = await probe.judge([(task, code)])
        if pays(one):
            raise Broken(f"a program that {what} is paid", example(task, code, verdict(one)))
    return kept(f"{count(len(attacks), 'attack')} judged, none paid")


async def repeatable(probe: EnvironmentProbe) -> Seen:
    """Verdicts are the same a second time, all at once, and in another order."""
    tasks = await probe.sample(probe.some(8))
    own = [await probe.gold(task) or "y" for task in tasks]
    near = [wrong for answer in own[:2] for wrong in altered(answer, "other")[:1]]
    pairs = [(task, answer) for task in tasks for answer in dict.fromkeys(("", "x", CANARY, *own[:3], *near))]
    first = dict(zip(pairs_ids(pairs), await probe.judge(pairs), strict=True))
    mixed = random.Random("mixed").sample(pairs, len(pairs))
    for way, order in (("a second time", pairs), ("in another order", mixed), ("all at once", [*mixed, *pairs])):
        for pair, key, one in zip(order, pairs_ids(order), await probe.judge(order), strict=True):
            if one != first[key]:
                said = f"{verdict(first[key])} at first, {verdict(one)} {way}{apart(first[key], one)}"
                raise Broken(f"an answer judged {way} gets another verdict", example(*pair, said))
    return kept(f"{count(len(pairs), 'answer')} judged four more times, concurrently and in another order")


async def feedback_speaks(probe: EnvironmentProbe) -> Seen:
    """Below reward 1 the feedback says what is wrong."""
    tasks = await probe.sample(probe.some(6))
    own = [answer for task in tasks if (answer := await probe.gold(task)) is not None]
    near = [wrong for answer in own[:3] for wrong in altered(answer, "other")[:2]]
    pairs = [(task, answer) for task in tasks for answer in ("", "x", "0", CANARY, *own, *near)]
    feedback = await probe.judge(pairs)
    wrong = [(pair, one) for pair, one in zip(pairs, feedback, strict=True) if one.reward < 1]
    silent = [pair for pair, one in wrong if not one.text.strip()]
    if silent:
        raise Broken("feedback says nothing of an answer below reward 1", smallest(silent, "text is empty"))
    if len({one.text for _, one in wrong}) == 1:
        said = f"the same reason for each of {count(len(wrong), 'wrong answer')}: {wrong[0][1].text!r:.100}"
        return kept(f"{said}; say what is wrong with this one, and more is learned from it")
    return kept(f"{count(len(wrong), 'wrong answer')}, a reason for each")


async def feedback_is_discreet(probe: EnvironmentProbe) -> Seen:
    """Feedback neither gives the answer away nor repeats what the model wrote, nor a part of it."""
    pairs = []
    for task in await probe.sample(probe.some(12)):
        right = await probe.gold(task)
        wrong = ["", CANARY, f'{{"{CANARY}": "{CANARY}"}}', "0", "x = 1", *altered(right or "", CANARY_WORD)]
        pairs += [(task, answer, right) for answer in wrong]
    feedback = await probe.judge([(task, answer) for task, answer, _ in pairs])
    for (task, answer, right), one in zip(pairs, feedback, strict=True):
        if right and len(right) > 2 and right in one.text and right not in task.prompt:
            said = "feedback quotes the right answer: a line with it could become a rule of the prompt"
            return advice(said, example(task, answer, one.text[:200]))
        if CANARY_WORD in answer and CANARY_WORD in one.text.casefold():
            said = "feedback repeats words of the answer: a model could write the rules of its own prompt by that"
            return advice(said, example(task, answer, one.text[:200]))
    return kept(f"{count(len(pairs), 'wrong answer')}")


async def shrunk(pair: Pair, fails: Callable[[Pair], Awaitable[bool]]) -> Pair:
    """A shorter answer that fails as well, found by halving."""
    task, answer = pair
    tries = 0
    while tries < MOST_SHRINKING and len(answer) > 1:
        half = len(answer) // 2
        for shorter in (answer[:half], answer[half:]):
            tries += 1
            if await fails((task, shorter)):
                answer = shorter
                break
        else:
            break
    return task, answer


def pairs_ids(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    """Keys of pairs, as tasks cannot be hashed."""
    return [(task.id, answer) for task, answer in pairs]


def varied(solved: Sequence[Pair], count: int) -> list[Pair]:
    """Some tasks with their answers, those with different answers first."""
    first = list({canonical_text(own).casefold(): (task, own) for task, own in reversed(solved)}.values())[::-1]
    chosen = {task.id for task, _ in first}
    return [*first, *(pair for pair in solved if pair[0].id not in chosen)][:count]


def same(one: str, other: str | None) -> bool:
    """Whether an answer is another one but for case and white space."""
    return other is not None and canonical_text(one).casefold() == canonical_text(other).casefold()


def pays(feedback: Feedback) -> bool:
    """Whether an answer counts as right, or has the reward of one that is."""
    return feedback.verified or feedback.reward >= 1


JUDGING = (
    Promise("in time", "a verdict comes in time", in_time),
    Promise("gold pays", "its own answers are verified at reward 1", gold_pays, "answers", SOLVE),
    Promise("any text is judged", "hostile answers are judged like any other", any_text_is_judged),
    Promise("hostile unpaid", "no hostile answer pays", hostile_unpaid),
    Promise("others unpaid", "answers to other tasks do not pay", others_unpaid, "answers", SOLVE),
    Promise("same verdict", "verdicts are the same again, concurrently and in another order", repeatable),
    Promise("feedback speaks", "below reward 1 the feedback says what is wrong", feedback_speaks),
    Promise("feedback is discreet", "feedback gives no answer away and repeats no words", feedback_is_discreet),
)

ATTACKS = Promise("attacks unpaid", "programs that attack their judge do not pay", code_survives, "answers", SOLVE)
