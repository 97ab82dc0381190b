from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from burnish.agent.evaluation import Judged
from burnish.agent.nodes.state import State
from burnish.agent.people import ask_people
from burnish.agent.session import Session
from burnish.policies.involvement import judged_by_people
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
    decisions = await ask_people(session, list({q.id: q for q in questions}.values()))
    scratch.judged = [
        _ruled(judged, decisions[question.id]) for judged, question in zip(scratch.judged, questions, strict=True)
    ]
    await session.journal.add_judged(scratch.number, "attempt", scratch.judged)
    return {"asked": len(decisions)}


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
