"""What may be remembered of judged attempts: an answer as it is, or the turns of an episode one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from burnish.types import Attempt, Exemplar, Feedback, Task


@dataclass(frozen=True)
class Candidate:
    """An answer to a text, as an exemplar would show it. `turn` numbers the turn of an episode."""

    attempt: Attempt
    feedback: Feedback
    task: Task
    prompt: str
    answer: str
    turn: int | None = None
    sound: bool = True
    """Whether the environment let it pass: a turn that was labelled wrong is none, however the episode ended."""

    @property
    def verified(self) -> bool:
        """Whether it may be learned."""
        return self.feedback.verified and self.sound

    def exemplar(self, *, born: int, rating: float | None, level: int) -> Exemplar:
        """The exemplar it becomes."""
        return Exemplar(
            task_id=self.task.id,
            prompt=self.prompt,
            answer=self.answer,
            reward=self.feedback.reward,
            cell=self.task.cell,
            born=born,
            model=self.attempt.model,
            rating=rating,
            reason="verified and novel",
            attempt_id=self.attempt.id,
            turn=self.turn,
            origin=self.attempt.origin,
            level=level,
            reviewer=self.attempt.reviewer,
            call=self.attempt.call if self.turn is None else self.attempt.turns[self.turn].call,
        )


def candidates(attempt: Attempt, feedback: Feedback, task: Task) -> Iterator[Candidate]:
    """The candidates of a judged attempt; of an episode each situation with what was done in it, once."""
    if not attempt.turns:
        yield Candidate(attempt, feedback, task, task.prompt, attempt.answer)
        return
    known: set[tuple[str, str]] = set()
    for number, turn in enumerate(attempt.turns):
        if (turn.observation, turn.action) not in known:
            known.add((turn.observation, turn.action))
            yield Candidate(attempt, feedback, task, turn.observation, turn.action, turn=number, sound=turn.label >= 0)
