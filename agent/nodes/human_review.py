from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from burnish.agent.nodes.ask_people import ask_people
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Rated, Reviewed
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.steps import labelling_queue
from burnish.records import Decision, Question
from burnish.types import Feedback, Status, Task


async def human_review(
    iteration: Iteration, rated: Rated, *, judged: Sequence[Judged], tasks: Sequence[Task]
) -> Reviewed:
    """Have people judge every answer; their verdict takes the place of the environment's."""
    by_id = {task.id: task for task in tasks}
    questions = [_question(iteration.number, by_id[a.task_id], (a, f), rated.ratings.get(a.id)) for a, f in judged]
    asked = list({q.id: q for q in questions}.values())
    decisions = await ask_people(iteration, _most_telling_first(iteration, asked, by_id))
    ruled = tuple(_ruled(one, decisions[question.id]) for one, question in zip(judged, questions, strict=True))
    await iteration.journal.add_judged(iteration.number, "attempt", ruled)
    return Reviewed(ruled, len(decisions))


def _most_telling_first(iteration: Iteration, questions: list[Question], tasks: Mapping[str, Task]) -> list[Question]:
    """Where steps are labelled: first the answers that convince the step model and end wrong (active learning)."""
    model = iteration.process_reward.at(iteration.number - 1)
    if model is None:
        return questions
    scores = [iteration.process_reward.score(model, tasks[q.task_id], q.answer) for q in questions]
    order = labelling_queue(scores, [bool(q.verified) for q in questions], iteration.rng("labelling"))
    return [questions[i] for i in order]


def _question(number: int, task: Task, judged: Judged, rating: float | None) -> Question:
    attempt, feedback = judged
    return Question(
        "judge",
        number,
        task.id,
        task.prompt,
        answer=attempt.answer,
        cell=task.cell,
        feedback=feedback.text,
        reward=feedback.reward,
        verified=feedback.verified,
        rating=rating,
    )


def _ruled(judged: Judged, decision: Decision) -> Judged:
    """The answer as the person left it, with their verdict."""
    attempt, feedback = judged
    if decision.action == "reject":
        return replace(attempt, reviewer=decision.who), replace(
            feedback, verified=False, reward=min(feedback.reward, 0.5), status=Status.OK
        )
    if decision.action == "edit" and decision.answer != attempt.answer:
        # the model keeps its part: what is edited is on its terms still
        attempt = replace(attempt, answer=decision.answer, origin="person", turns=(), call="")
    return replace(attempt, reviewer=decision.who), Feedback(1.0, verified=True, steps=feedback.steps)
