"""Promises on optional abilities.

Label steps, read, vary and evolve tasks, bring exemplars, know the form of answers, set a level.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import cast

from burnish.environments.episodes import actions_of
from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.forms import form_grammar, has_form, listed
from burnish.environments.kit.findings import Broken, example
from burnish.environments.kit.hostile import HOSTILE
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, advice, count, kept, unknown, verdict
from burnish.errors import ConfigError
from burnish.protocols import EVOL_OPERATORS, Environment, Seed, Step
from burnish.types import Task, canonical_json

NO_LEVEL = "no such level"
LEAST_OF_A_LEVEL = 5
VARIANTS = 5
OTHER_SIZE = 3.0
"""How many times the words of its task a variant may have, or the other way round."""


async def steps_agree(probe: EnvironmentProbe) -> Seen:
    """`label_steps` gives the labels that `score` has as `steps`, ends at the first wrong one, and gold has none."""
    tried = 0
    for task in await probe.sample(8):
        own = await probe.gold(task)
        answers = [text for text in HOSTILE if len(text) < 200]
        answers += [own, own[: len(own) // 2], f"{own}\nx = 1", f"nonsense\n{own}"] if own else []
        feedback = await probe.judge([(task, answer) for answer in answers])
        for answer, one in zip(answers, feedback, strict=True):
            labels = await _labels(probe, task, answer)
            if labels != one.steps:
                said = f"label_steps {list(labels)}, score {list(one.steps)}"
                raise Broken("label_steps and score disagree", example(task, answer, said))
            if -1 in labels[:-1]:
                raise Broken("steps go on after the first wrong one", example(task, answer, list(labels)))
            if answer == own and -1 in labels:
                raise Broken("a step of its own answer is wrong", example(task, answer, list(labels)))
            tried += 1
    return kept(f"{count(tried, 'answer')} labelled as judged")


async def parses_its_own(probe: EnvironmentProbe) -> Seen:
    """Reading a task's prompt gives that task, judged the same; reading what is none gives None."""
    tasks = await probe.sample(20)
    for task in tasks:
        read = await probe.call(probe.environment, "parse", task.prompt)
        if not isinstance(read, Task) or read.id != task.id:
            raise Broken("parse does not read the prompt of its own task", example(task, seen=repr(read)[:100]))
        answers = ["", "x", await probe.gold(task) or ""]
        for answer, one, other in zip(
            answers,
            await probe.judge([(task, answer) for answer in answers]),
            await probe.judge([(read, answer) for answer in answers]),
            strict=True,
        ):
            if one != other:
                said = f"{verdict(one)}, and for what parse read {verdict(other)}"
                raise Broken("what parse read is judged otherwise", example(task, answer, said))
    return kept(f"{count(len(tasks), 'prompt')} read")


async def parses_no_garbage(probe: EnvironmentProbe) -> Seen:
    """Reading a text that states no task gives None."""
    for text in HOSTILE:
        read = await probe.call(probe.environment, "parse", text)
        if read is not None:
            raise Broken("parse reads a task where there is none", example(given=text, seen=repr(read)[:100]))
    return kept(f"{count(len(HOSTILE), 'text')} that state no task")


async def varies(probe: EnvironmentProbe) -> Seen:
    """A variant is another task of this environment, the same for the same seed, and it is solved."""
    solved = 0
    for task in await probe.sample(10):
        made = [await _variant(probe, task, seed) for seed in range(VARIANTS)]
        again = [await _variant(probe, task, seed) for seed in range(VARIANTS)]
        if made != again:
            raise Broken("equal arguments gave other variants", example(task))
        if all(variant.id == task.id for variant in made):
            raise Broken(f"none of {VARIANTS} variants differs from the task", example(task))
        for variant in made:
            size = len(variant.prompt.split()) / max(1, len(task.prompt.split()))
            if variant.cell != task.cell or not 1 / OTHER_SIZE <= size <= OTHER_SIZE:
                what = f"of {size:.1f} times its words" if variant.cell == task.cell else f"of cell {variant.cell!r}"
                said = f"a variant is {what}, and its task of cell {task.cell!r}; change constants only"
                raise Broken(said, example(task, seen=variant.prompt[:100]))
            answer = await probe.gold(variant)
            if answer is not None:
                (one,) = await probe.judge([(variant, answer)])
                if not one.verified:
                    raise Broken(
                        "the own answer to a variant is not verified", example(variant, answer, one.text[:100])
                    )
                solved += 1
    if not solved:
        raise Broken("solve knows no answer to any of the variants")
    return kept(f"{count(solved, 'variant')} solved")


async def evolves(probe: EnvironmentProbe) -> Seen:
    """What an operator makes of a task is another task, the same for the same seed, and it is solved."""
    made: Counter[str] = Counter()
    tasks = await probe.sample(10)
    for task, operator in product(tasks, EVOL_OPERATORS):
        first, again = [await probe.call(probe.environment, "evolve", task, operator, 0) for _ in range(2)]
        if first is None and again is None:
            continue
        evolved = _sound(probe, task, "evolve", first)
        if evolved != again:
            raise Broken(f'equal arguments of "{operator}" gave other tasks', example(task))
        answer = await probe.gold(evolved)
        if evolved.id == task.id or answer is None or not (await probe.judge([(evolved, answer)]))[0].verified:
            why = "is the task itself" if evolved.id == task.id else "has no answer that is verified"
            raise Broken(f'what "{operator}" makes {why}', example(task, answer, evolved.prompt[:100]))
        made[operator] += 1
    if not made:
        raise Broken("no operator fits any task; leave the method out")
    return kept(", ".join(f"{operator} {made[operator]}" for operator in made) + f" of {len(tasks)}")


async def seeds_are_right(probe: EnvironmentProbe) -> Seen:
    """Seeds are verified answers to train tasks."""
    seeds = await probe.call(probe.environment, "seeds")
    if not isinstance(seeds, Sequence) or not all(isinstance(seed, Seed) for seed in seeds):
        raise Broken("seeds returned no list of `Seed`")
    for seed in cast("Sequence[Seed]", seeds):
        if seed.task.split != "train":
            raise Broken(f"a seed is of the {seed.task.split} split; take train tasks", example(seed.task, seed.answer))
        (one,) = await probe.judge([(seed.task, seed.answer)])
        if not one.verified:
            raise Broken("a seed is not verified", example(seed.task, seed.answer, one.text[:100]))
    return kept(f"{count(len(seeds), 'seed')} verified")


async def fits_its_form(probe: EnvironmentProbe) -> Seen:
    """Right answers have the form that `form` says; and the form does not give them away."""
    others: list[tuple[Task, str, str]] = []
    held = named = 0
    for task in await probe.sample(probe.some(120)):
        form = await probe.call(probe.environment, "form", task)
        if not isinstance(form, str):
            raise Broken(f"form returned {type(form).__name__}, not a text", example(task))
        try:
            form_grammar(form)
        except ValueError as error:
            raise Broken(f"the form {error}", example(task, seen=form)) from None
        answer = await probe.gold(task)
        if answer is None or not form:
            continue
        for part in actions_of(answer) if "episodes" in probe.abilities else [answer]:
            held += 1
            named += form in {part, re.escape(part)} or listed(form) == (part,)
            others += [] if has_form(part, form) else [(task, part, form)]
    if not held:
        return unknown("there is no task with both a form and an own answer")
    said = f"{len(others)} of {held} right answers have another form"
    if len(others) > held / 2:
        raise Broken(said, example(*others[0]))
    if named == held:
        raise Broken("the form is the right answer itself; leave open which one is right", example(task, answer, form))
    if others:
        return advice(said, example(*others[0]))
    return kept(f"{count(held - len(others), 'answer')} of {held}")


async def has_levels(probe: EnvironmentProbe) -> Seen:
    """Each level poses tasks of its own, judged as ever; one that does not exist is refused."""
    levels = probe.read(probe.environment, "levels")
    named = isinstance(levels, Sequence) and all(isinstance(level, str) and level for level in levels)
    if isinstance(levels, str) or not named or len(set(cast("Sequence[str]", levels))) != len(levels):  # type: ignore[arg-type]
        raise Broken(f"levels is {levels!r:.80}, not a list of different names")
    for level in cast("Sequence[str]", levels):
        await _level(probe, level)
    refused = await probe.outcome(probe.environment, "at_level", NO_LEVEL)
    if not isinstance(refused, Raised) or not isinstance(refused.error, ConfigError):
        what = f"raises {refused}" if isinstance(refused, Raised) else "is taken"
        raise Broken(f"a level that does not exist {what}; raise ConfigError and name the levels")
    return kept(", ".join(cast("Sequence[str]", levels)))


async def _level(probe: EnvironmentProbe, level: str) -> None:
    at = await probe.call(probe.environment, "at_level", level)
    if not isinstance(at, Environment) or at.name != probe.environment.name:
        raise Broken(f"at_level({level!r}) gives no environment of the same name")
    inner = EnvironmentProbe(at, probe.limits)
    tasks = await inner.draw("train", 0, probe.few(20))
    if len(tasks) < LEAST_OF_A_LEVEL:
        raise Broken(f"level {level!r} has {len(tasks)} train tasks; at least {LEAST_OF_A_LEVEL} are needed")
    pairs = [(task, answer) for task in tasks if (answer := await inner.gold(task)) is not None]
    for (task, answer), one in zip(pairs, await inner.judge(pairs), strict=True):
        if not one.verified:
            raise Broken(f"an own answer at level {level!r} is not verified", example(task, answer, one.text[:100]))


async def _labels(probe: EnvironmentProbe, task: Task, answer: str) -> tuple[int, ...]:
    steps = await probe.call(probe.environment, "label_steps", task, answer)
    if not isinstance(steps, Sequence) or not all(isinstance(step, Step) for step in steps):
        raise Broken("label_steps returned no list of `Step`", example(task, answer))
    labels = tuple(step.label for step in cast("Sequence[Step]", steps))
    if not set(labels) <= {-1, 0, 1}:
        raise Broken("a label is not -1, 0 or 1", example(task, answer, list(labels)))
    return labels


async def _variant(probe: EnvironmentProbe, task: Task, seed: int) -> Task:
    return _sound(probe, task, "vary", await probe.call(probe.environment, "vary", task, seed))


def _sound(probe: EnvironmentProbe, task: Task, method: str, made: object) -> Task:
    if not isinstance(made, Task) or made.environment != probe.environment.name:
        raise Broken(f"{method} gives no task of this environment", example(task, seen=repr(made)[:100]))
    plain = guarded_call(lambda: canonical_json(made.to_json()).encode())
    if isinstance(plain, Raised):
        raise Broken(f"what {method} gives is not JSON: {plain}", example(task))
    return made


TEACHING = (
    Promise("steps", "label_steps and score agree, up to the first wrong step", steps_agree, "step labels"),
    Promise("parse", "parse reads the prompts of its own tasks", parses_its_own, "authoring"),
    Promise("parse refuses", "parse reads no task where there is none", parses_no_garbage, "authoring"),
    Promise("vary", "variants are other tasks, the same again, and solved", varies, "variants"),
    Promise("evolve", "evolved tasks are other tasks, the same again, and solved", evolves, "evolving"),
    Promise("seeds", "seeds are verified answers to train tasks", seeds_are_right, "seeds"),
    Promise("form fits", "right answers have the form that form says", fits_its_form, "forms"),
    Promise("levels", "each level poses tasks, an unknown one is refused", has_levels, "levels"),
)
