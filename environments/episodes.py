"""Tasks of several turns: their answers are actions, judged by playing them again."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from burnish.protocols import Episode, Episodes
from burnish.types import Feedback, Task

T = TypeVar("T")

SURPLUS = "leave out every action after the end"

LONGEST_ANSWER = 200_000
"""Characters of an answer that are read; what is longer holds no actions."""


def as_answer(actions: Sequence[str]) -> str:
    """Actions as the text of an answer: a JSON list, in which any action is told from the next."""
    return json.dumps(list(actions), ensure_ascii=True)  # keeps lone surrogates, which no UTF-8 file takes


def actions_of(answer: str) -> list[str]:
    """The actions that an answer holds: a JSON list of texts, or else one action a line that is not blank."""
    if len(answer) > LONGEST_ANSWER:
        return []
    if answer.lstrip().startswith("["):
        try:
            found = json.loads(answer)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(action, str) for action in found):
            return found
    return [line.strip() for line in answer.splitlines() if line.strip()]


def replayed(environment: Episodes, task: Task, answer: str) -> Feedback:
    """The verdict on an answer of an environment whose methods are plain: its actions are played again.

    An answer that goes on after the end, or past `max_turns`, is not verified.
    """
    episode = cast("Episode", environment.start(task))
    try:
        actions = actions_of(answer)
        played = 0
        while played < min(len(actions), environment.max_turns) and not episode.turn.done:
            episode.step(actions[played])
            played += 1
        return _closed_off(cast("Feedback", episode.feedback()), surplus=len(actions) > played)
    finally:
        close(episode)


async def replayed_async(environment: Episodes, task: Task, answer: str) -> Feedback:
    """`replayed` for an environment of which any method may be `async`."""
    episode = await settled(environment.start(task))
    try:
        actions = actions_of(answer)
        played = 0
        while played < min(len(actions), environment.max_turns) and not episode.turn.done:
            await settled(episode.step(actions[played]))
            played += 1
        return _closed_off(await settled(episode.feedback()), surplus=len(actions) > played)
    finally:
        close(episode)


async def settled(value: T | Awaitable[T]) -> T:
    """The value, awaited if need be."""
    return await value if inspect.isawaitable(value) else value


def close(episode: object) -> None:
    """Let an episode that has a `close` give back what it holds, such as a process."""
    closing = getattr(episode, "close", None)
    if callable(closing):
        closing()


def _closed_off(feedback: Feedback, *, surplus: bool) -> Feedback:
    if not surplus:
        return feedback
    text = "\n".join(line for line in (feedback.text, SURPLUS) if line)
    return replace(feedback, verified=False, text=text)
