from __future__ import annotations

from dataclasses import dataclass, replace

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import ModelRejected
from burnish.policies.constitution import REVISIONS, Principle, Revision, gained
from burnish.policies.involvement import written_by_people
from burnish.records import Completion
from burnish.types import Attempt, JsonValue, Message, Task

CRITIQUE = "Here are a task and an answer to it. Say in one or two sentences how the answer falls short of this: {}"
REVISE = (
    "Here are a task, an answer to it and what is wrong with the answer. Write the answer again so that it keeps to "
    "this: {} Reply with the answer alone."
)
PREFER = "Here are a task and two answers, A and B. Which keeps better to this: {} Reply with A or B."

SLOT = 2_000_000
"""The slots of revised answers, which are none of the task's samples."""


@dataclass(frozen=True)
class Pair:
    """A revised answer and the one it is better than, by a principle, and what the judge said in both orders."""

    better: Judged
    worse: Judged
    principle: Principle
    reason: str
    preferred: bool | None


async def revise(state: State, runtime: Runtime[Session]) -> State:
    """Have answers criticised by principles of the constitution and revised; what is better makes a pair. No model
    revises where people write the answers.
    """
    session = runtime.context
    scratch, settings = session.scratch, session.config.constitution
    if not session.principles or written_by_people(session.config.level):
        return {"revised": 0}
    judged = [i for i, (a, f) in enumerate(scratch.judged) if f.status.judged and a.answer.strip()]
    rng = session.rng("constitution")
    chosen = sorted(rng.permutation(judged)[: settings.answers].tolist())
    orders = [rng.permutation(len(session.principles))[:REVISIONS].tolist() for _ in chosen]
    made = await gather_in_order(
        _revised(session, i, [session.principles[p] for p in order]) for i, order in zip(chosen, orders, strict=True)
    )
    pairs = [pair for found in made for pair in found]
    revised = [pair.better for pair in pairs]
    await session.journal.add_judged(scratch.number, "attempt", revised, start=len(scratch.judged))
    scratch.judged += revised
    scratch.events += [("pair", _event(pair)) for pair in pairs]
    return {"revised": len(pairs)}


async def _revised(session: Session, index: int, principles: list[Principle]) -> list[Pair]:
    """The pairs of one answer: each revision goes on from the last one that was better."""
    current: Judged = session.scratch.judged[index]
    task = next(task for task in session.scratch.tasks if task.id == current[0].task_id)
    pairs: list[Pair] = []
    for number, principle in enumerate(principles):
        try:
            after = await _rewritten(session, task, current[0], principle, index * REVISIONS + number)
        except ModelRejected:
            break
        feedback = await session.environment.judge(task, after.answer)
        revision = Revision(current[0].answer, after.answer, current[1].reward, feedback.reward)
        reason = gained(principle, revision) if feedback.status.judged else ""
        if reason:
            better = (after, feedback)
            preferred = await _preferred(session, task, better, current, principle, index * REVISIONS + number)
            pairs.append(Pair(better, current, principle, reason, preferred))
            current = better
    return pairs


async def _rewritten(session: Session, task: Task, attempt: Attempt, principle: Principle, slot: int) -> Attempt:
    """The answer after one critique and one revision."""
    shown = f"Task: {task.prompt}\n\nAnswer: {attempt.answer}"
    tokens = session.champion.decoding.max_tokens
    said = await _ask(session, "task", CRITIQUE.format(principle.text), shown, task, f"critique {slot}", tokens)
    asked = f"{shown}\n\nWhat is wrong with it: {said.text.strip()}"
    made = await _ask(session, "task", REVISE.format(principle.text), asked, task, f"revision {slot}", tokens)
    return replace(
        attempt,
        slot=SLOT + slot,
        answer=made.text.strip(),
        model=made.model,
        exemplar_ids=(),
        truncated=made.truncated,
        usage=made.usage,
        origin="revised",
    )


async def _preferred(
    session: Session, task: Task, better: Judged, worse: Judged, principle: Principle, slot: int
) -> bool | None:
    """Whether the judge prefers the better one whichever comes first; None where the order decides."""
    said = []
    for first, second, sign in ((better, worse, "a"), (worse, better, "b")):
        shown = f"Task: {task.prompt}\n\nA: {first[0].answer}\n\nB: {second[0].answer}"
        try:
            answer = await _ask(session, "judge", PREFER.format(principle.text), shown, task, f"{sign} {slot}", 4)
        except ModelRejected:
            return None
        letter = answer.text.strip()[:1].casefold()
        if letter not in {"a", "b"}:
            return None
        said.append(letter == sign)
    return said[0] if said[0] == said[1] else None


async def _ask(
    session: Session, role: str, system: str, asked: str, task: Task, item: str, max_tokens: int
) -> Completion:
    adapter = session.champion.adapter if role == "task" else ""
    messages = (Message("system", system), Message("user", defuse(asked)))
    request = ChatRequest(messages, max_tokens=max_tokens, adapter=adapter)
    return await session.caller.ask(role, request, Place("revise", f"{task.id} {item}"))


def _event(pair: Pair) -> dict[str, JsonValue]:
    return {
        "better": pair.better[0].id,
        "worse": pair.worse[0].id,
        "principle": pair.principle.name,
        "reason": pair.reason,
        "preferred": pair.preferred,
    }
