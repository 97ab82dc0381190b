"""Promises on episodes: the same actions always lead to the same turns."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from burnish.environments.episodes import actions_of, as_answer
from burnish.environments.kit.findings import Broken, example
from burnish.environments.kit.hostile import HOSTILE
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, count, kept
from burnish.environments.verdicts import checked
from burnish.protocols import Turn
from burnish.types import Feedback, Task

MOST_TURNS = 1_000
"""`max_turns` beyond which no run would come to an end."""

LONGEST_PLAY = 40
"""Actions of a play made up at random."""


async def replays(probe: EnvironmentProbe) -> Seen:
    """Two plays of the same actions show the same turns, whatever the actions are."""
    played = 0
    for task, actions in await _plays(probe, hostile=True):
        first, again = await _turns(probe, task, actions), await _turns(probe, task, actions)
        for number, (turn, other) in enumerate(zip(first, again, strict=False)):
            if turn != other:
                said = f"turn {number}: {turn} and then {other}"
                raise Broken("the same actions led to other turns", example(task, as_answer(actions[:number]), said))
        if len(first) != len(again):
            raise Broken("the same actions ended at another turn", example(task, as_answer(actions)))
        played += 1
    return kept(f"{count(played, 'play')} made twice")


async def ends(probe: EnvironmentProbe) -> Seen:
    """`max_turns` is a number of turns within which its own answers end."""
    most = probe.read(probe.environment, "max_turns")
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_TURNS:
        raise Broken(f"max_turns is {most!r}; give a whole number from 1 to {MOST_TURNS}")
    longest = 0
    for task, answer in await probe.solved(12):
        actions = actions_of(answer)
        turns = await _turns(probe, task, actions)
        longest = max(longest, len(actions))
        if len(actions) > most:
            raise Broken(f"its own answer has {len(actions)} actions, and max_turns is {most}", example(task, answer))
        if len(turns) <= len(actions):
            raise Broken(f"its own answer goes on after the end, at turn {len(turns) - 1}", example(task, answer))
    for task in await probe.sample(3):
        await _turns(probe, task, [HOSTILE[-1]] * most)
    return kept(f"at most {count(most, 'turn')}; its own answers have up to {longest}")


async def judged_as_played(probe: EnvironmentProbe) -> Seen:
    """The feedback of an episode is what `score` says of its actions, with a label for each."""
    tried = 0
    for task, actions in await _plays(probe, hostile=False):
        feedback, turns = await _feedback(probe, task, actions)
        done = actions[: len(turns) - 1]
        answer = as_answer(done)
        (scored,) = await probe.judge([(task, answer)])
        if feedback != scored:
            said = f"feedback() is {_brief(feedback)}, score {_brief(scored)}"
            raise Broken("an episode is judged otherwise than its actions are", example(task, answer, said))
        labels = tuple(turn.label for turn in turns[1:])
        if feedback.steps != labels:
            said = f"steps {list(feedback.steps)}, labels of the turns {list(labels)}"
            raise Broken("the steps of the feedback are not the labels of the turns", example(task, answer, said))
        tried += 1
    return kept(f"{count(tried, 'play')}, judged alike both ways")


async def _plays(probe: EnvironmentProbe, *, hostile: bool) -> list[tuple[Task, list[str]]]:
    """Plays to try: its own answers, parts of them, and actions of all of them at random, some of them hostile."""
    tasks = await probe.sample(4)
    own = [(task, actions_of(await probe.gold(task) or "")) for task in tasks]
    known = sorted({action for _, actions in own for action in actions}) or ["yes", "1", "go"]
    rng = random.Random("plays")
    plays = []
    for task, actions in own:
        mixed = rng.choices(known, k=min(LONGEST_PLAY, _most(probe)))
        plays += [(task, actions), (task, actions[: len(actions) // 2]), (task, mixed)]
        if hostile:
            plays.append((task, rng.sample([text for text in HOSTILE if len(text) < 200], min(20, _most(probe)))))
    return plays


def _most(probe: EnvironmentProbe) -> int:
    most = probe.read(probe.environment, "max_turns")
    return most if isinstance(most, int) and most > 0 else 1


async def _turns(probe: EnvironmentProbe, task: Task, actions: Sequence[str]) -> list[Turn]:
    """The turns of a play, the first before any action; it ends when the episode does."""
    _, turns = await _played(probe, task, actions)
    return turns


async def _feedback(probe: EnvironmentProbe, task: Task, actions: Sequence[str]) -> tuple[Feedback, list[Turn]]:
    episode, turns = await _played(probe, task, actions)
    feedback = checked(await probe.call(episode, "feedback"))
    if not feedback.status.judged:
        raise Broken(f"feedback() of an episode: {feedback.text}", example(task, as_answer(actions)))
    return feedback, turns


async def _played(probe: EnvironmentProbe, task: Task, actions: Sequence[str]) -> tuple[Any, list[Turn]]:
    episode = await probe.call(probe.environment, "start", task)
    turns = [_sound(task, probe.read(episode, "turn"), None)]
    for action in actions[: _most(probe)]:
        if turns[-1].done:
            break
        turns.append(_sound(task, await probe.call(episode, "step", action), action))
    return episode, turns


def _sound(task: Task, turn: object, action: str | None) -> Turn:
    if not isinstance(turn, Turn):
        raise Broken(f"an episode showed {type(turn).__name__} instead of Turn", example(task, action))
    observation: object = turn.observation
    if not isinstance(observation, str) or turn.label not in {-1, 0, 1}:
        raise Broken("a turn needs a text as observation and -1, 0 or 1 as label", example(task, action, str(turn)))
    return turn


def _brief(feedback: Feedback) -> str:
    return f"{feedback.reward:g} {feedback.verified} {list(feedback.steps)} {feedback.text!r:.60}"


ACTING = (
    Promise("episodes replay", "the same actions lead to the same turns", replays, "episodes"),
    Promise("episodes end", "own answers end within max_turns", ends, "episodes"),
    Promise("episodes judged", "feedback() is what score says of the actions", judged_as_played, "episodes"),
)
