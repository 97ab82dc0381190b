"""What is asked of an environment before anything is spent on it: tasks of every split, and forms that are some."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from burnish.agent.rollouts.evaluate import none_posed
from burnish.config import RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.forms import form_grammar
from burnish.errors import ConfigError, PluginError
from burnish.policies.involvement import cleaned_by_machine, written_by_people
from burnish.terms import TermsTable
from burnish.types import SPLITS, JsonValue, Split

FEW = 10
"""Tasks of a split below which hardly anything can be shown."""


async def scarce_splits(environment: GuardedEnvironment) -> Mapping[Split, int]:
    """The splits with fewer than `FEW` tasks, and how many they have.

    The tasks are dropped, and drawn with a seed of their own: nobody learns the sealed ones.

    Raises:
        PluginError: a split has none.

    """
    counts = {split: len(await environment.draw(split, 0, FEW)) for split in SPLITS}
    for split, count in counts.items():
        if not count:
            raise none_posed(environment.name, split)
    return {split: count for split, count in counts.items() if count < FEW}


ORDINARY = ("", "I do not know.", "42", '{"answer": "x"}', "First.\n\nSecond.")
"""Answers such as any model may give."""


PREFLIGHT = "preflight faults"
"""Under which name the journal has what the environment failed to judge before the run, so that it fails again where
the run is made again."""


async def broken_promises(environment: GuardedEnvironment) -> tuple[list[str], list[JsonValue]]:
    """What an environment fails to judge, a sentence each: ordinary answers, and its own where it knows some. Where
    verdicts are missing a run can prove little. Beside it task, answer, status and reason of each.
    """
    if environment.episodic:
        return [], []
    tasks = await environment.draw("train", 0, 2)
    own = [(task, answer) for task in tasks if (answer := await environment.own_answer(task))]
    found, faults = list[str](), list[JsonValue]()
    for said, pairs in (("answer", [(task, text) for task in tasks for text in ORDINARY]), ("answer of its own", own)):
        judged = list(zip(pairs, await environment.judge_all(pairs), strict=True))
        failed = [(answer, feedback.text) for (_, answer), feedback in judged if not feedback.status.judged]
        faults += [[t.id, a, f.status.value, f.text] for (t, a), f in judged if not f.status.judged]
        if failed:
            answer, reason = failed[0]
            found.append(
                f"The environment does not judge an {said} such as {answer[:40]!r} "
                f"({reason[:160]}): what it fails on counts against what is to be proven better. Mend it; "
                "`burnish env check` says more."
            )
    return found, faults


def teacher_terms(config: RunConfig) -> Mapping[str, JsonValue]:
    """The name of the teacher and what its answers may be used for; nothing where there is none.

    Raises:
        ConfigError: the file of terms is wrong.

    """
    if config.models.teacher is None:
        return {}
    name = config.models.teacher.name
    table = TermsTable.load(Path(config.train.terms) if config.train.terms else None)
    return {"name": name, **table.of(name or "?").to_json()}


async def check_form(environment: GuardedEnvironment) -> None:
    """Look at the form of one task.

    Raises:
        PluginError: the environment fails to say it, or no grammar can hold an answer to it.

    """
    for task in await environment.draw("train", 0, 1):
        form = await environment.form(task)
        try:
            form_grammar(form)
        except ValueError as error:
            raise PluginError(
                f'environment "{environment.name}": the form {form!r:.80} {error}; mend it, or run without forms by '
                "-o sampling.forms=false"
            ) from error


def refuse_without_effect(config: RunConfig, environment: GuardedEnvironment) -> None:
    """Refuse settings that this environment would leave without effect.

    Raises:
        ConfigError: one is set.

    """
    of_single_answers = {
        f"level = {config.level}": written_by_people(config.level) or cleaned_by_machine(config.level),
        "decoding.best_of": config.decoding.best_of > 1,
        "sampling.hints": config.sampling.hints > 0,
        "constitution.file": bool(config.constitution.file),
    }
    wrong = [name for name, is_set in of_single_answers.items() if is_set]
    if environment.episodic and wrong:
        raise ConfigError(
            f"environment {environment.name} is played in episodes, and {' and '.join(wrong)} work on single answers "
            "only; leave that out, or take another environment"
        )
    of_an_ability = (
        ('judging.by = "steps"', config.judging.by == "steps", "step labels"),
        ('decoding.choice = "steps"', config.decoding.choice == "steps", "step labels"),
        ("sampling.variants", config.sampling.variants > 0, "tools"),
        ("sampling.variants", config.sampling.variants > 0, "variants"),
    )
    for name, is_set, ability in of_an_ability:
        if is_set and ability not in environment.abilities:
            raise ConfigError(
                f'environment {environment.name} lacks the ability "{ability}", without which {name} does nothing; '
                "leave that out, or take another environment (`burnish env show NAME` says what one can do)"
            )
