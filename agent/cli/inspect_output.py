"""How what is known of a run looks on a terminal: a line a row, texts cut unless they are wanted whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.text import Text

from burnish.agent.cli.run_lines import gate_line, iteration_line
from burnish.agent.cli.terminal import console, one_line, print_json, print_rows
from burnish.records import SEALED, ApplicantRecord
from burnish.spelling import several
from burnish.types import ALIVE, Exemplar

if TYPE_CHECKING:  # a command imports what it needs
    from burnish.agent.inspecting.answers import Answer
    from burnish.agent.inspecting.calls import CallStory
    from burnish.agent.inspecting.exemplars import ExemplarStory
    from burnish.agent.inspecting.programs import ProgramStory, SectionChange
    from burnish.agent.inspecting.races import RaceStory
    from burnish.agent.inspecting.reasons import Reasons
    from burnish.agent.inspecting.recalled import Recall
    from burnish.agent.inspecting.stories import AnswerStory, IterationStory, Story
    from burnish.agent.inspecting.tasks import TaskStory

SOURCES = {"section": "cyan", "rule": "magenta", "exemplar": "green", "task": "yellow", "other": "dim"}
"""The colours of the parts of a prompt."""
MOST_IDS = 8
"""Other ids of a program that are named unless all are wanted."""
MARKS = {True: "✓", False: "✗"}


def print_reasons(told: Reasons, *, as_json: bool) -> None:
    """A subject, and a sentence a line."""
    if as_json:
        print_json(told)
        return
    console().print(f"[bold]{escape(told.subject)}[/]", soft_wrap=True)
    for sentence in told.sentences:
        console().print(escape(sentence), soft_wrap=True)


def print_story(told: Story, *, whole: bool, as_json: bool) -> None:
    """A story by its kind."""
    if as_json:
        print_json(told)
        return
    PRINTED[type(told).__name__](told, whole)


def _exemplar(told: ExemplarStory, whole: bool) -> None:
    one, screen = told.exemplar, console()
    ended = "alive" if one.died == ALIVE else f"died at {one.died}"
    _head(f"exemplar {one.id}", f"born at {one.born}, {ended}")
    _text("task", one.prompt, whole)
    _text("answer", one.answer, whole)
    facts = {
        "task id": one.task_id, "cell": one.cell, "reward": f"{one.reward:g}", "by": one.model or "people",
        "origin": one.origin, "call": one.call, "admitted": told.admitted,
        "accepted by": one.reviewer, "pinned by": told.pinned,
    }  # fmt: skip
    _facts(facts, whole)
    if told.application and told.application.likeness is not None:
        screen.print(
            f"nearest then  {told.application.neighbour_id} at {told.application.likeness:.2f}", soft_wrap=True
        )
    if one.died != ALIVE:
        _facts({"died": told.died}, whole)
    for name, exemplars in (("parents", told.parents), ("children", told.children), ("again as", told.later)):
        if exemplars:
            screen.print(f"{name:12}  {' '.join(e.id for e in exemplars)}", soft_wrap=True)
    useful = told.usefulness
    screen.print(f"usefulness    {useful.in_words}", soft_wrap=True)
    if told.showings:
        sealed = sum(one.iteration == SEALED for one in told.showings)
        among = f", {sealed} of them in the sealed test" if sealed else ""
        screen.print(f"\n[bold]shown for {len(told.showings)} answers{among}[/]")
        _answers(told.showings, whole)


def _program(told: ProgramStory, whole: bool) -> None:
    program, screen = told.program, console()
    _head(f"program {program.id}", f"first met in {_when(told.iteration)}, {_memory(program.revision)}")
    for name, text in program.prompt.sections:
        _text(name, text, whole=True)
    shown, others = program.retrieval, [id_ for id_ in told.ids if id_ != program.id]
    named = len(others) if whole else MOST_IDS
    _facts(
        {
            "made by": program.prompt.operator,
            "ancestors": " ← ".join(told.ancestors),
            "exemplars": f"{shown.k} by {shown.policy}",
            "answers": f"{program.decoding.format}, {program.decoding.rendering}",
            "outcome": told.outcome,
            "other ids": f"{' '.join(others[:named])}{' ...' if len(others) > named else ''}",
            "leaves out": " ".join(program.dropped),
        },
        whole,
    )
    _changes(told.changes, "than in the prompt that it came from")
    if told.looks:
        screen.print("\n[bold]As it was proposed, on tasks that had failed[/]")
        _answers(told.looks, whole)
    for trial in told.trials:
        gain = f"{trial.gain:+.2f} on {several(trial.tasks, 'task')} beside {trial.beside}"
        screen.print(f"\niteration {trial.iteration}: {gain} ({trial.kind})", soft_wrap=True)
        rows = [
            (
                one.task,
                f"{one.difference:+.2f}",
                _marked(one.beside),
                _marked(one.own),
                *_calls(whole, one.beside, one.own),
            )
            for one in trial.items
        ]
        if rows:
            more = ("call beside", "call of this program") if whole else ()
            print_rows(("task", "gain", "beside", "this program", *more), rows, whole=whole)
    for race in told.races:
        screen.print(gate_line(race), soft_wrap=True)
    for arm, (passed, tasks) in told.sealed.items():
        screen.print(f"sealed test, {arm}: {passed} of {tasks}")


def _task(told: TaskStory, whole: bool) -> None:
    _head(f"task {told.task.id}", f"{told.task.split}, {told.task.cell or 'of no kind'}")
    _text("prompt", told.task.prompt, whole)
    for exemplar in told.exemplars:
        console().print(f"exemplar      {exemplar.id}, born at {exemplar.born}")
    _answers(told.answers, whole)


def _answer(told: AnswerStory, whole: bool) -> None:
    first = told.given[0]
    _head(f"answer {first.attempt}", "verified" if first.verified else "not verified")
    _text("task", told.task.prompt, whole)
    _text("answer", first.answer, whole)
    facts = {"task id": told.task.id, "judged by": first.reviewer, "feedback": first.feedback, "call": first.call}
    _facts(facts, whole)
    for said, times in Counter(map(_became, told.applications)).items():
        again = f" ({times} times)" if times > 1 else ""
        console().print(f"as exemplar   {escape(said)}{again}", soft_wrap=True)
    _answers(told.given, whole)


def _became(one: ApplicantRecord) -> str:
    """What became of an answer as something to remember."""
    near = "" if one.likeness is None else f", nearest {one.neighbour_id} at {one.likeness:.2f}"
    return f"{one.outcome} {one.exemplar_id}".rstrip() + near


def _call(told: CallStory, whole: bool) -> None:
    screen = console()
    agrees = {True: "digest agrees", False: "[red]digest does NOT agree[/]", None: "the request was not kept"}
    _head(f"call {told.key}", agrees[told.digest_agrees], markup=True)
    for message in told.messages:
        screen.print(f"[bold]{message.role}[/]")
        screen.print("".join(f"[{SOURCES[p.source]}]{escape(p.text)}[/]" for p in message.parts), soft_wrap=True)
    _text("answer", told.answer, whole=True)
    _facts({name: str(value) for name, value in told.settings.items() if whole or len(str(value)) < 200}, whole)
    for one in told.tries:
        said = f"{escape(one.said)}, waited {one.waited:.1f} s" if one.state != "done" else ""
        tokens = f"{one.prompt_tokens} + {one.completion_tokens} tokens, {one.seconds:.2f} s"
        screen.print(f"try {one.number + 1}         {one.state}, {tokens} {said}".rstrip(), soft_wrap=True)
    if screen.is_terminal:
        screen.print("\n" + "  ".join(f"[{colour}]{source}[/]" for source, colour in SOURCES.items()))
    _answers(told.led_to, whole)


def _race(told: RaceStory, whole: bool) -> None:
    console().print(gate_line(told.last), soft_wrap=True)
    rows = [
        (
            str(n),
            str(item.iteration),
            item.task,
            f"{item.difference:+.2f}",
            f"{item.evidence:.3g}",
            _marked(item.champion),
            _marked(item.challenger),
            *_calls(whole, item.champion, item.challenger),
        )
        for n, item in enumerate(told.items, 1)
    ]
    more = ("champion's call", "challenger's call") if whole else ()
    print_rows(("n", "iteration", "task", "gain", "evidence", "champion", "challenger", *more), rows, whole=whole)


def _marked(answer: Answer) -> str:
    """An answer with its verdict, on one line."""
    return f"{MARKS[answer.verified]} {one_line(answer.answer)}"


def _calls(whole: bool, *answers: Answer) -> tuple[str, ...]:
    """The calls that brought some answers, where all is printed."""
    return tuple(one.call for one in answers) if whole else ()


def _iteration(told: IterationStory, whole: bool) -> None:
    screen = console()
    screen.print(iteration_line(told.record), soft_wrap=True)
    if told.record.by_hand:
        _facts({"when": told.record.by_hand.when}, whole)
    for gate in told.record.gates:
        screen.print(gate_line(gate), soft_wrap=True)
    for name, exemplars in (("born", told.born), ("died", told.died)):
        if exemplars:
            screen.print(f"{name:12}  {' '.join(one.id for one in exemplars)}", soft_wrap=True)
    console().print(f"champion      {told.champion.id}")
    for name, text in told.champion.prompt.sections:
        _text(name, text, whole=True)
    _changes(told.changes, "than one iteration before") if told.changes else screen.print("prompt        unchanged")
    if told.refused:
        rows = [(r.answer.attempt, r.application.outcome, *_texts(r.answer), r.answer.call) for r in told.refused]
        screen.print(f"\n[bold]{several(len(rows), 'answer')} not learned[/]")
        print_rows(("answer", "why", "text", "feedback", "call"), rows, uncut=("call",), whole=whole)


PRINTED: Mapping[str, Callable[[Any, bool], None]] = {
    "ExemplarStory": _exemplar,
    "ProgramStory": _program,
    "TaskStory": _task,
    "AnswerStory": _answer,
    "CallStory": _call,
    "RaceStory": _race,
    "IterationStory": _iteration,
}
"""By the kind of story."""


def print_recall(told: Recall, *, whole: bool, as_json: bool) -> None:
    """The exemplars in the order of the prompt, each with its cosine."""
    if as_json:
        print_json(told)
        return
    order = ", in this order" if told.shown else ""
    said = f"program {told.program} would show {several(len(told.shown), 'exemplar')}{order}"
    _head(f"iteration {told.iteration}", said)
    if whole:
        for message in told.messages:
            _text(message.role, message.content, whole=True)
    if whole or not told.shown:
        return
    rows = [(f"{one.likeness:.2f}", one.exemplar.id, one.exemplar.cell, *_sides(one.exemplar)) for one in told.shown]
    print_rows(("cosine", "exemplar", "cell", "task", "answer"), rows)
    console().print(f"\n[dim]{escape(told.how)}[/]", soft_wrap=True)


def print_changes(changes: Sequence[SectionChange]) -> None:
    """Sections word by word."""
    _changes(changes, "in the prompts")


def _changes(changes: Sequence[SectionChange], where: str) -> None:
    screen = console()
    style = {"same": "dim", "gone": "red strike", "new": "green"}
    coloured = screen.is_terminal and not screen.no_color
    marks = {"gone": ("", "") if coloured else ("[-", "-]"), "new": ("", "") if coloured else ("{+", "+}")}
    for change in changes:
        screen.print(f"\n[bold]{escape(change.section)}[/] reads otherwise {where}")
        said = ((word, *marks.get(word.change, ("", ""))) for word in change.words)
        screen.print(Text.assemble(*((f"{a}{w.text}{b}", style[w.change]) for w, a, b in said)), soft_wrap=True)


def _head(name: str, said: str, *, markup: bool = False) -> None:
    console().print(f"[bold]{escape(name)}[/]  {said if markup else escape(said)}", soft_wrap=True)


def _facts(facts: Mapping[str, str], whole: bool) -> None:
    for name, value in facts.items():
        if value:
            _text(name, value, whole)


def _text(name: str, text: str, whole: bool) -> None:
    console().print(f"{name:12}  {escape(text if whole else one_line(text))}", soft_wrap=True)


def _answers(told: Sequence[Answer], whole: bool) -> None:
    """A row each, or with their texts whole, one below the other."""
    if whole:
        for one in told:
            said = f"{_when(one.iteration)}, {one.node}: {MARKS[one.verified]} reward {one.reward:.2f}"
            console().print()
            _head(f"answer {one.attempt}", said)
            facts = {"task id": one.task, "program": one.program, "call": one.call, "text": one.answer}
            _facts({**facts, "feedback": one.feedback}, whole)
        return
    rows = [
        (
            "sealed" if one.iteration == SEALED else str(one.iteration),
            one.node,
            MARKS[one.verified],
            f"{one.reward:.2f}",
            one.attempt,
            one.task,
            one.program,
            one.answer,
            one.feedback,
            one.call,
        )
        for one in told
    ]
    names = ("iteration", "node", "", "reward", "id", "task", "program", "answer", "feedback", "call")
    print_rows(names, rows, uncut=("call",))


def _when(iteration: int) -> str:
    return "the sealed test" if iteration == SEALED else f"iteration {iteration}"


def _memory(revision: int) -> str:
    return "without memory" if revision < 0 else f"with memory as of iteration {revision}"


def _texts(answer: Answer) -> tuple[str, str]:
    return one_line(answer.answer), one_line(answer.feedback)


def _sides(exemplar: Exemplar) -> tuple[str, str]:
    return one_line(exemplar.prompt), one_line(exemplar.answer)
