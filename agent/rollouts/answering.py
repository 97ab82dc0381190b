"""A program and a task, with what it is shown, to an answer: the one way that runs, sealed tests and whoever uses a
program later have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from burnish.agent.models.answer_shapes import Shape, choice_grammar, choices, shape_grammar, shapes, turns
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.grammar import edit_grammar, plan_grammar, sketch_grammar, words_grammar
from burnish.agent.models.rendering import Query, defuse, task_request
from burnish.agent.models.sketches import Outline, nth_sketch
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.retriever import Recalled
from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.policies.cold_start import Rung
from burnish.policies.retrieval import ordered
from burnish.programs import Program
from burnish.records import Completion
from burnish.types import Attempt, Exemplar, Played, Task, Usage

Recall = Callable[[Program, Sequence[Query]], list[Recalled]]
Pick = Callable[[Program, Task, Sequence[str]], int]
"""Which of several answers to a task a program gives, as an index."""
LENGTHS = (1, 2, 1, 4, 1, 8)
"""Most words of the answers of a search, in turn: left to itself a small model does not come to an end."""


@dataclass(frozen=True)
class Search:
    """A search for answers that the model would not give by itself.

    Where it answers with a plan it is held to given tools, each slot to others, rather to those of which memory has few
    plans; elsewhere by `rung`, to the form of the task's answers or to the words of task and `texts`.
    """

    rung: Rung
    known: Mapping[Outline, int] = field(default_factory=dict)
    """How many exemplars have each outline."""
    texts: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    """Those of the right answers so far."""
    turn: int = 0
    """Counts searches of the rung, for them not to be all alike."""
    beside: bool = False
    """Whether the instruction stands beside the task."""


@dataclass(frozen=True)
class Trial:
    """A program to be tried on a task; `place` is where its call stands.

    One that is a `search` holds the model to a form.
    """

    program: Program
    task: Task
    recalled: Recalled
    place: Place
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    search: Search | None = None
    recall: Recall | None = None
    """How the turns of an episode recall exemplars, where not as all others do."""

    def again(self, number: int) -> Trial:
        """The trial for another time, as a call of its own."""
        return replace(self, place=replace(self.place, item=f"{self.place.item}~again {number}"))


class Asking(Protocol):
    """Who sends requests to the model of a role."""

    async def ask(self, role: str, request: ChatRequest, place: Place) -> Completion:
        """One answer, or an error of `burnish.errors`."""
        ...


@dataclass(frozen=True)
class Answering:
    """Has programs answer tasks of one environment. The number of the `iteration` decides on sketches alone."""

    caller: Asking
    environment: GuardedEnvironment | LearningEnvironment
    iteration: int
    pick: Pick
    forms: AnswerForms

    async def answered(self, trial: Trial) -> Attempt:
        """What a program answers to a task at once; what `Asking` raises goes through."""
        completions = await self._completions(trial)
        chosen = self.pick(trial.program, trial.task, [c.text for c in completions]) if len(completions) > 1 else 0
        return Attempt(
            task_id=trial.task.id,
            slot=trial.place.slot,
            answer=completions[chosen].text,
            program_id=trial.program.id,
            model=completions[chosen].model,
            exemplar_ids=trial.recalled.ids,
            truncated=completions[chosen].truncated,
            usage=sum((c.usage for c in completions), Usage()),
            rung=trial.search.rung if trial.search else "",
            call=completions[chosen].call,
        )

    async def _completions(self, trial: Trial) -> Sequence[Completion]:
        """One answer; of a program that picks among several, so many, unless it is sampled from anyway."""
        exemplars, place = trial.recalled.exemplars, trial.place
        if trial.temperature is not None or trial.program.decoding.best_of == 1:
            return [await self._ask(trial, trial.task, exemplars, (), place)]
        return await gather_in_order(
            self._ask(replace(trial, seed=n), trial.task, exemplars, (), replace(place, item=f"{place.item}~{n}"))
            for n in range(trial.program.decoding.best_of)
        )

    async def acted(
        self, trial: Trial, seen: Query, exemplars: Sequence[Exemplar], turns: Sequence[Played], place: Place
    ) -> Completion:
        """What a program does in a turn of an episode, after so many earlier ones."""
        history = trial.program.decoding.history
        return await self._ask(trial, seen, exemplars, turns[-history:] if history else [], place)

    async def _ask(
        self, trial: Trial, query: Query, exemplars: Sequence[Exemplar], earlier: Sequence[Played], place: Place
    ) -> Completion:
        grammar = await self._grammar(trial, exemplars)
        request = task_request(
            trial.program,
            exemplars,
            query,
            earlier=earlier,
            grammar=grammar,
            temperature=trial.temperature,
            top_p=trial.top_p,
            seed=trial.seed,
        )
        return await self.caller.ask("task", request, place)

    async def _grammar(self, trial: Trial, exemplars: Sequence[Exemplar]) -> str:
        """That of plans; in search, for each slot another sketch, first those of the exemplars it is shown.

        Where answers are no plans there is one in search only, of their form.
        """
        decoding = trial.program.decoding
        if decoding.format != "plan":
            if trial.search:
                return await self._search_grammar(trial.task, trial.search)
            held = decoding.format == "form"
            return await self.forms.grammar(self.environment, trial.task, trial.program.revision) if held else ""
        tools, constants = self.environment.tools, await self.environment.constants(trial.task)
        if not trial.search or trial.search.rung != "sketch":
            return plan_grammar(tools, constants)
        shown = ordered([exemplar.answer for exemplar in exemplars], trial.program.retrieval.order)  # best first again
        seed = f"{self.iteration} {trial.task.id}"
        sketch = nth_sketch(tools, len(constants), trial.place.slot, seed, shown=shown, known=trial.search.known)
        return sketch_grammar(tools, constants, sketch)

    async def _search_grammar(self, task: Task, search: Search) -> str:
        if search.rung == "words":
            return words_grammar([*map(defuse, search.texts), defuse(task.prompt)], LENGTHS[search.turn % len(LENGTHS)])
        if search.rung == "edit":
            return edit_grammar(defuse(task.prompt))
        if search.rung == "choice":
            named = choices(search.texts) or choices([defuse(task.prompt)])
            turn, free = divmod(search.turn, 2)  # left to itself a small model names one of them again and again
            return choice_grammar([named[turn % len(named)]] if named and free == 0 else named)
        if search.rung == "shape":
            told = shapes(search.texts)
            turn, place = divmod(search.turn, max(1, len(told)))
            found = turns(told[place]) if told else []
            if search.shapes and (turn % 2 == 0 or not found):
                return shape_grammar(search.shapes[search.turn // 2 % len(search.shapes)], defuse(task.prompt))
            return shape_grammar(found[turn % len(found)], defuse(task.prompt)) if found else ""
        if search.rung != "form":
            return ""
        return await self.forms.grammar(self.environment, task)
