from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import task_request
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Retried, Shown
from burnish.agent.rollouts.retriever import Recalled
from burnish.environments.forms import form_grammar, has_form, listed
from burnish.errors import ModelRejected
from burnish.policies.cold_start import Rung
from burnish.programs import Program
from burnish.types import Attempt, Task

KNOWN = 256
"""Exemplars whose answers say of which memory has few."""
HINT = "Hint: a right answer ends with {}"


async def retry(
    iteration: Iteration, shown: Shown, checked: Checked, *, tasks: Sequence[Task], hints: int, again: int
) -> Retried:
    """Have failed tasks tried again: with a hint (STaR; Zelikman et al. 2022), or, where the form of answers is known,
    held to it, if the answer did not have it. Where the environment lists the answers: to those that were not wrong.

    What a model does not say by itself it never learns from its own answers, such as a label that it does not think of.
    So it is held to the half of them that memory has least of, and the environment says whether that is right.

    What comes of it is judged as an answer to the task without the hint, and is learned as one; an answer that speaks
    of the hint is none. The hint is the last line of a right answer where `sampling.hints` asks for that, and in a cold
    start at most the second half of it: a model that is given the whole answer shows nothing by repeating it.
    """
    solved = {a.task_id for a, f in checked.judged if f.verified}
    failed = [i for i, task in enumerate(tasks) if task.id not in solved]
    chosen = sorted(iteration.rng("hints").permutation(failed)[:hints].tolist())
    rest = [i for i in iteration.rng("others").permutation(failed).tolist() if i not in chosen]
    wrong = {i: {a.answer.strip() for a, _ in checked.judged if a.task_id == tasks[i].id} for i in rest[:again]}
    known = Counter(exemplar.answer for exemplar in iteration.memory.sample(iteration.number, KNOWN)) if wrong else {}
    made = await gather_in_order(
        [_hinted(iteration, shown.program, tasks[i], shown.recalled[i]) for i in chosen]
        + [_held(iteration, shown.program, tasks[i], shown.recalled[i], wrong[i], known) for i in sorted(wrong)]
    )
    attempts = [attempt for attempt in made if attempt is not None]
    by_id = {task.id: task for task in tasks}
    feedbacks = await iteration.environment.judge_all([(by_id[a.task_id], a.answer) for a in attempts])
    judged = tuple(zip(attempts, feedbacks, strict=True))
    await iteration.journal.add_judged(iteration.number, "attempt", judged, start=len(checked.judged))
    return Retried(judged)


async def _hinted(iteration: Iteration, program: Program, task: Task, recalled: Recalled) -> Attempt | None:
    answer = await iteration.environment.solve(task)
    if not answer:
        return None
    ending = answer.strip().splitlines()[-1]
    if not iteration.config.sampling.hints:
        ending = ending[(len(ending) + 1) // 2 :].strip()
    if not ending:
        return None
    hinted = replace(task, prompt=f"{task.prompt}\n\n{HINT.format(ending)}")
    request = task_request(program, recalled.exemplars, hinted)
    again = Attempt(task.id, 0, "", program.id, "", origin="hinted", rung="hint")
    answered = await _asked(iteration, again, recalled, request, Place("retry", task.id))
    return None if answered is None or "hint" in answered.answer.casefold() else answered


async def _held(
    iteration: Iteration,
    program: Program,
    task: Task,
    recalled: Recalled,
    wrong: Collection[str],
    known: Mapping[str, int],
) -> Attempt | None:
    """An answer of the form that answers have: where the environment lists them, one that was not `wrong` and of which
    few are `known`. None where there is none left, or what was answered has the form.
    """
    form = await iteration.forms.form(iteration.environment, task, iteration.number)
    rung: Rung = "form"
    with suppress(ValueError):  # of one task: the run goes on without
        if answers := listed(form):
            left = sorted((answer for answer in answers if answer not in wrong), key=lambda one: known.get(one, 0))
            form, rung = "|".join(map(re.escape, left[: (len(left) + 1) // 2])), "others"
        if not form or any(has_form(answer, form) for answer in wrong):
            return None
        request = task_request(program, recalled.exemplars, task, grammar=form_grammar(form))
        place = Place("others" if rung == "others" else "retry", task.id)
        return await _asked(iteration, Attempt(task.id, 1, "", program.id, "", rung=rung), recalled, request, place)
    return None


async def _asked(
    iteration: Iteration, attempt: Attempt, recalled: Recalled, request: ChatRequest, place: Place
) -> Attempt | None:
    """The attempt with its answer; None where the server rejects the request."""
    try:
        completion = await iteration.caller.ask("task", request, place)
    except ModelRejected:
        return None
    return replace(
        attempt,
        answer=completion.text,
        model=completion.model,
        exemplar_ids=recalled.ids,
        truncated=completion.truncated,
        usage=completion.usage,
        call=completion.call,
    )
