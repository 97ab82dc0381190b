"""Why, in sentences: why an exemplar came in or left, a program was promoted or not, an answer was not learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from burnish.agent.inspecting.calls import CallStory
from burnish.agent.inspecting.exemplars import ExemplarStory
from burnish.agent.inspecting.lineage import change_in_words
from burnish.agent.inspecting.programs import ProgramStory
from burnish.agent.inspecting.races import RaceStory
from burnish.agent.inspecting.stories import AnswerStory, IterationStory, Story, story
from burnish.agent.inspecting.tasks import TaskStory
from burnish.agent.record.complaints import complaints
from burnish.agent.record.run import Run
from burnish.memory.journal import FEEDBACK, IMPORT
from burnish.records import ADMITTED, SEALED, ApplicantRecord, ComparisonKind, GateRecord
from burnish.spelling import several
from burnish.types import ALIVE, Exemplar, Record

SEED = "seed"
SOME = 8
"""Other ids of a program that a sentence names."""


@dataclass(frozen=True)
class Reasons(Record):
    """What a person asked about, and why it is as it is, a sentence each."""

    subject: str
    sentences: tuple[str, ...]

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        return f"<p><b>{escape(self.subject)}</b></p><ul>{items}</ul>"


def reasons(run: Run, text: str) -> Reasons:
    """Why what an id names is as it is.

    Raises:
        ConfigError: nothing is named so, or several things.

    """
    return reasons_of(story(run, text))


def reasons_of(told: Story) -> Reasons:
    """Why what a story tells of is as it is."""
    subject, sentences = SUBJECTS[type(told)]
    return Reasons(subject(told), tuple(sentences(told)))


def _of_exemplar(told: ExemplarStory) -> Iterator[str]:
    one = told.exemplar
    if told.made_by is None:
        yield f"It came from {_origin(one)}, at iteration {one.born}."
    else:
        by = f"program {told.made_by.program}" if told.made_by.program else "a person"
        if told.made_by.node == IMPORT or (told.made_by.node == FEEDBACK and not told.made_by.program):
            by = f"{one.model or 'a person'} in another run"
        shown = f", with {several(len(told.parents), 'exemplar')} shown" if told.parents else ""
        accepted = f"{one.reviewer} accepted it" if one.reviewer else "the environment verified it"
        yield (
            f"It is the answer of {by} to task {one.task_id}{shown}, in iteration {told.made_by.iteration}, and "
            f"{accepted} (reward {told.made_by.reward:g})."
        )
    if told.application:
        yield _admitted(told, told.application)
    elif one.reason:
        yield f"Why it came in: {one.reason}."
    if told.earlier:
        yield f"It is exemplar {told.earlier.id} once more, which had died at iteration {told.earlier.died}."
    useful = told.usefulness
    if useful.shown:
        yield f"It was shown for {several(useful.shown, 'answer')}, of which {useful.verified} were right."
        yield f"Its usefulness is {useful.in_words}."
    else:
        yield "It was never shown for an answer to a train or validation task."
    if one.died == ALIVE:
        yield f"It is remembered still{f': pinned by {told.pinned}' if told.pinned else ''}."
        return
    yield f"It died at iteration {one.died}: {told.died}."
    for later in told.later:
        yield f"It came back as {later.id} at iteration {later.born}."


def _admitted(told: ExemplarStory, application: ApplicantRecord) -> str:
    if told.neighbour is None or application.likeness is None:
        return f"It was admitted: {told.admitted}."
    new = ", which came in with it" if told.neighbour.born == told.exemplar.born else ""
    near = f"Most like it was exemplar {told.neighbour.id}{new}, at a cosine of {application.likeness:.2f}"
    return f"It was admitted: {told.admitted}. {near}."


def _origin(exemplar: Exemplar) -> str:
    return "what people made" if exemplar.origin in {SEED, "gold"} else exemplar.origin


def _of_program(told: ProgramStory) -> Iterator[str]:
    prompt = told.program.prompt
    if prompt.operator == SEED:
        yield "Its prompt is the one that the run began with."
    else:
        parent = f", from that of program {told.ancestors[0]}" if told.ancestors else ""
        yield f"The operator `{prompt.operator}` made its prompt{parent}."
    for proposal in told.proposals:
        use = (
            "and did better on none of the failed tasks that it was put to"
            if proposal.useless
            else (
                f"and did better on {proposal.mended:.0%} of the failed tasks that it was put to"
                if proposal.mended
                else "and was tried"
            )
        )
        yield f"It was proposed: {change_in_words(proposal.description)}, {use}."
    for trial in told.trials:
        how = "the same" if not trial.gain else f"{abs(trial.gain):.2f} {'better' if trial.gain > 0 else 'worse'}"
        yield (
            f"In iteration {trial.iteration} it answered {several(trial.tasks, 'task')} beside {trial.beside}"
            f"{TRIALS[trial.kind]}, and did {how} on average."
        )
    for race in told.races:
        yield from _race(race, of=told)
    yield f"It {told.outcome}."
    others = [id_ for id_ in told.ids if id_ != told.program.id]
    if others:
        named = ", ".join(others[:SOME])
        more = f" and {len(others) - SOME} more, the newest of them {others[-1]}" if len(others) > SOME else ""
        yield f"Memory grows, and each state of it gives a program another id: it is also {named}{more}."
    for arm, (passed, tasks) in told.sealed.items():
        yield f"In the sealed test, as `{arm}`, it passed {passed} of {several(tasks, 'task')}."


TRIALS: Mapping[ComparisonKind, str] = {
    "proposal": ", in a trial",
    "race": ", as evidence in its race",
    "successor": ", which was raced, in a trial",
    "earlier memory": ", which had newer memory, to see whether that does harm",
}
"""Why a program was put beside another, by the kind of the comparison."""


def _race(race: GateRecord, *, of: ProgramStory | None = None) -> Iterator[str]:
    role = ""
    if of is not None:
        role = "the champion" if race.challenger_id not in of.ids else "the challenger"
    outcome = {
        "accept": f"it was accepted, since the evidence reached {race.threshold:.3g}",
        "reject": "it was rejected, since a gain worth having was ruled out",
        "undecided": "it goes on" if race.open else "it ended without proof",
    }[race.outcome]
    head = f"Race {race.number}{f', as {role}' if role else ''}: {change_in_words(race.description)}."
    if not race.tasks:
        yield f"{head} {'No task yet' if race.open else 'No task was left for it'}; {outcome}."
        return
    yield (
        f"{head} Champion {race.champion_score:.2f}, "
        f"challenger {race.challenger_score:.2f} on {several(race.tasks, 'task')}; evidence {race.e_value:.3g} of "
        f"{race.threshold:.3g}: {outcome}."
    )


def _of_race(told: RaceStory) -> Iterator[str]:
    yield from _race(told.last)
    if not told.items:
        return
    won = sum(item.difference > 0 for item in told.items)
    lost = sum(item.difference < 0 for item in told.items)
    yield (
        f"Of {several(len(told.items), 'task')} the challenger did better on {won} and worse on {lost}; on the others "
        "both did the same."
    )
    peak = max(told.items, key=lambda item: item.evidence)
    yield f"The evidence was highest after task {told.items.index(peak) + 1}, at {peak.evidence:.3g}."
    if any(item.missing for item in told.items):
        missing = sum(item.missing for item in told.items)
        yield f"On {missing} of them the server or the environment failed, and the worst case counts."


def _of_answer(told: AnswerStory) -> Iterator[str]:
    first = told.given[0]
    where = "the sealed test" if first.iteration == SEALED else f"iteration {first.iteration}"
    yield (
        f"It was given {several(len(told.given), 'time')}, first in {where}"
        f"{f', by program {first.program}' if first.program else ''}."
    )
    said = f": {'; '.join(complaints(first.feedback))}" if first.feedback and not first.verified else ""
    verdict = "verified it" if first.verified else "did not verify it"
    if first.reviewer:
        verdict = "accepted it" if first.verified else "did not find it right"
    yield f"{first.reviewer or 'The environment'} {verdict} (reward {first.reward:g}){said}."
    became = []
    for one in told.applications:
        near = (
            "" if one.likeness is None else f"; most like it was {one.neighbour_id}, at a cosine of {one.likeness:.2f}"
        )
        learned = f"learned as exemplar {one.exemplar_id}" if one.outcome == ADMITTED else f"not learned: {one.outcome}"
        became.append(f"{learned}{near}")
    for place, one_way in enumerate(dict.fromkeys(became)):
        again = f", {several(became.count(one_way), 'time')}" if became.count(one_way) > 1 else ""
        yield f"{'Given again, it' if place else 'It'} was {one_way}{again}."
    if not told.applications:
        where = "the sealed test" if all(one.iteration == SEALED for one in told.given) else "a race or trial"
        yield f"Nothing of it could be learned: it was given in {where}."


def _of_task(told: TaskStory) -> Iterator[str]:
    judged = [one for one in told.answers if one.judged]
    verified = [one for one in judged if one.verified]
    yield f"It was answered {several(len(judged), 'time')}, {len(verified)} of them right."
    learning = [one for one in verified if one.iteration >= 0]
    if learning:
        how = f", {learning[0].rung}" if learning[0].rung else ""
        yield f"It was first solved in iteration {learning[0].iteration}, by program {learning[0].program}{how}."
    after = [one for one in judged if learning and one.iteration > learning[-1].iteration >= 0]
    if after:
        yield f"Since iteration {learning[-1].iteration} no answer to it was right ({several(len(after), 'answer')})."
    for exemplar in told.exemplars:
        died = "" if exemplar.died == ALIVE else f", which died at iteration {exemplar.died}"
        yield f"It is exemplar {exemplar.id}{died}."


def _of_call(told: CallStory) -> Iterator[str]:
    where = "the sealed test" if told.iteration == SEALED else f"iteration {told.iteration}"
    yield f"It was made in {where} by the node `{told.node}`{f', about {told.item}' if told.item else ''}."
    for one in told.tries:
        if one.state != "done":
            waited = f" Then it was waited for {one.waited:.1f} s." if one.waited else ""
            yield f"Try {one.number + 1} brought no answer ({one.state}): {one.said}.{waited}"
    agrees = {
        True: "The words that were sent are those whose digest its key holds.",
        False: "The words that were kept are NOT those whose digest its key holds: they were changed.",
        None: "The words that were sent were not kept.",
    }
    yield agrees[told.digest_agrees]
    for answer in told.led_to:
        yield f"It led to answer {answer.attempt}, which was {'' if answer.verified else 'not '}verified."


def _of_iteration(told: IterationStory) -> Iterator[str]:
    record = told.record
    held = f"memory held {several(record.memory, 'exemplar')} at its end"
    if record.by_hand is not None:
        since = ", after the sealed test, whose verdict is of the program before" if record.by_hand.after_sealed else ""
        yield f"It is a change by hand: {record.by_hand.said} ({record.by_hand.when}){since}."
        yield f"{len(told.born)} were born and {len(told.died)} died; {held}."
        return
    attempts = f"{record.verified} of {several(record.attempts, 'attempt')} were verified"
    yield f"{attempts}; {held}."
    yield (
        f"{len(told.born)} were born, {len(told.died)} died, and {several(len(told.refused), 'answer')} "
        f"{'was' if len(told.refused) == 1 else 'were'} not learned."
    )
    for gate in record.gates:
        yield from _race(gate)
    for alarm in record.alarms:
        yield f"The guard found: {alarm}. What it did: {record.action}."


SUBJECTS: Mapping[type[Any], tuple[Callable[[Any], str], Callable[[Any], Iterator[str]]]] = {
    ExemplarStory: (lambda told: f"exemplar {told.exemplar.id}", _of_exemplar),
    ProgramStory: (lambda told: f"program {told.program.id}", _of_program),
    RaceStory: (lambda told: f"race {told.number}", _of_race),
    AnswerStory: (lambda told: f"answer {told.given[0].attempt}", _of_answer),
    TaskStory: (lambda told: f"task {told.task.id}", _of_task),
    CallStory: (lambda told: f"call {told.key}", _of_call),
    IterationStory: (lambda told: f"iteration {told.record.number}", _of_iteration),
}
"""By the kind of story: its subject, and why."""
