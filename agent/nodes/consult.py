from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from langgraph.runtime import Runtime

from burnish.agent.loop.ask_people import ask_people
from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.involvement import judged_by_people
from burnish.policies.steps import labelling_queue
from burnish.records import Decision, Question
from burnish.types import Feedback, Status, Task


async def consult(state: State, runtime: Runtime[Session]) -> State:
    """Have people judge every answer, where that is their part; their verdict takes the place of the environment's."""
    session = runtime.context
    scratch = session.scratch
    if not judged_by_people(session.config.level):
        return {"asked": 0}
    tasks = {task.id: task for task in scratch.tasks}
    questions = [_question(session, tasks[a.task_id], (a, f)) for a, f in scratch.judged]
    asked = list({q.id: q for q in questions}.values())
    decisions = await ask_people(session, _most_telling_first(session, asked, tasks))
    scratch.judged = [
        _ruled(judged, decisions[question.id]) for judged, question in zip(scratch.judged, questions, strict=True)
    ]
    await session.journal.add_judged(scratch.number, "attempt", scratch.judged)
    return {"asked": len(decisions)}


def _most_telling_first(session: Session, questions: list[Question], tasks: Mapping[str, Task]) -> list[Question]:
    """Where steps are labelled: first the answers that convince the step model and end wrong (active learning)."""
    model = session.supervisor.at(session.scratch.number - 1)
    if model is None:
        return questions
    scores = [session.supervisor.score(model, tasks[q.task_id], q.answer) for q in questions]
    order = labelling_queue(scores, [bool(q.verified) for q in questions], session.rng("labelling"))
    return [questions[i] for i in order]


def _question(session: Session, task: Task, judged: Judged) -> Question:
    attempt, feedback = judged
    return Question(
        "judge",
        session.scratch.number,
        task.id,
        task.prompt,
        answer=attempt.answer,
        cell=task.cell,
        feedback=feedback.text,
        reward=feedback.reward,
        verified=feedback.verified,
        rating=session.scratch.ratings.get(attempt.id),
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
        attempt = replace(attempt, answer=decision.answer, origin="person", turns=())
    return replace(attempt, reviewer=decision.who), Feedback(1.0, verified=True, steps=feedback.steps)
