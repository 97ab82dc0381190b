from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Revised
from burnish.agent.record.events import Preferred
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import ModelRejected
from burnish.policies.constitution import REVISIONS, Principle, Revision, gained
from burnish.records import Completion
from burnish.types import Attempt, Message, Task

CRITIQUE = "Here are a task and an answer to it. Say in one or two sentences how the answer falls short of this: {}"
REVISE = (
    "Here are a task, an answer to it and what is wrong with the answer. Write the answer again so that it keeps to "
    "this: {} Reply with the answer alone."
)
PREFER = "Here are a task and two answers, A and B. Which keeps better to this: {} Reply with A or B."


@dataclass(frozen=True)
class Pair:
    """A revised answer and the one it is better than, by a principle, and what the judge said in both orders."""

    better: Judged
    worse: Judged
    principle: Principle
    reason: str
    preferred: bool | None


async def revise(
    iteration: Iteration, principles: Sequence[Principle], *, judged: Sequence[Judged], tasks: Sequence[Task]
) -> Revised:
    """Have answers criticised by principles of the constitution and revised; what is better makes a pair."""
    rng = iteration.rng("constitution")
    usable = [i for i, (a, f) in enumerate(judged) if f.status.judged and a.answer.strip()]
    chosen = sorted(rng.permutation(usable)[: iteration.config.constitution.answers].tolist())
    orders = [rng.permutation(len(principles))[:REVISIONS].tolist() for _ in chosen]
    by_id = {task.id: task for task in tasks}
    made = await gather_in_order(
        _revised(iteration, judged[i], i, by_id[judged[i][0].task_id], [principles[p] for p in order])
        for i, order in zip(chosen, orders, strict=True)
    )
    pairs = [pair for found in made for pair in found]
    revised = tuple(pair.better for pair in pairs)
    await iteration.journal.add_judged(iteration.number, "attempt", revised, start=len(judged))
    return Revised(revised, tuple(_event(pair) for pair in pairs))


async def _revised(
    iteration: Iteration, answer: Judged, index: int, task: Task, principles: Sequence[Principle]
) -> list[Pair]:
    """The pairs of one answer: each revision goes on from the last one that was better."""
    current = answer
    pairs: list[Pair] = []
    for number, principle in enumerate(principles):
        try:
            after = await _rewritten(iteration, task, current[0], principle, index * REVISIONS + number)
            after = replace(after, slot=number)
        except ModelRejected:
            break
        feedback = await iteration.environment.judge(task, after.answer)
        revision = Revision(current[0].answer, after.answer, current[1].reward, feedback.reward)
        reason = gained(principle, revision) if feedback.status.judged else ""
        if reason:
            better = (after, feedback)
            preferred = await _preferred(iteration, task, better, current, principle, index * REVISIONS + number)
            pairs.append(Pair(better, current, principle, reason, preferred))
            current = better
    return pairs


async def _rewritten(iteration: Iteration, task: Task, attempt: Attempt, principle: Principle, slot: int) -> Attempt:
    """The answer after one critique and one revision."""
    shown = f"Task: {task.prompt}\n\nAnswer: {attempt.answer}"
    tokens = iteration.champion.decoding.max_tokens
    said = await _ask(iteration, "task", CRITIQUE.format(principle.text), shown, task, f"critique {slot}", tokens)
    asked = f"{shown}\n\nWhat is wrong with it: {said.text.strip()}"
    made = await _ask(iteration, "task", REVISE.format(principle.text), asked, task, f"revision {slot}", tokens)
    return replace(
        attempt,
        answer=made.text.strip(),
        model=made.model,
        exemplar_ids=(),
        truncated=made.truncated,
        usage=made.usage,
        origin="revised",
        call=made.call,
    )


async def _preferred(
    iteration: Iteration, task: Task, better: Judged, worse: Judged, principle: Principle, slot: int
) -> bool | None:
    """Whether the judge prefers the better one whichever comes first; None where the order decides."""
    said = []
    for first, second, sign in ((better, worse, "a"), (worse, better, "b")):
        shown = f"Task: {task.prompt}\n\nA: {first[0].answer}\n\nB: {second[0].answer}"
        try:
            answer = await _ask(iteration, "judge", PREFER.format(principle.text), shown, task, f"{sign} {slot}", 4)
        except ModelRejected:
            return None
        letter = answer.text.strip()[:1].casefold()
        if letter not in {"a", "b"}:
            return None
        said.append(letter == sign)
    return said[0] if said[0] == said[1] else None


async def _ask(
    iteration: Iteration, role: str, system: str, asked: str, task: Task, item: str, max_tokens: int
) -> Completion:
    adapter = iteration.champion.adapter if role == "task" else ""
    messages = (Message("system", system), Message("user", defuse(asked)))
    request = ChatRequest(messages, max_tokens=max_tokens, adapter=adapter)
    return await iteration.caller.ask(role, request, Place("revise", f"{task.id} {item}"))


def _event(pair: Pair) -> Preferred:
    return Preferred(pair.better[0].id, pair.worse[0].id, pair.principle.name, pair.reason, pair.preferred)
