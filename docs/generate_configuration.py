"""Prints docs/configuration.md: every key of run.toml with its type and default as the code has them.

    python docs/generate_configuration.py > docs/configuration.md

Types, defaults, names of policies and their descriptions are read from the code; the meanings of keys stand here. A
key without a meaning, or a meaning without a key, is an error.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from burnish.agent.loop.registry import EXPANDERS, IMPLEMENTATIONS, OPERATORS, PROVERS
from burnish.config import ModelConfig, ModelsConfig, RunConfig
from burnish.environments.registry import BUILT_IN, load

MEANINGS = {
    "environment": "What poses tasks and judges answers: a built-in name, the name of an installed plug-in, or "
    "`path.py:Class`. A relative path is looked up in the directory from which a command is given.",
    "environment_options": "Keyword arguments for the environment's class.",
    "environment_timeout": "Seconds for one verdict, and for one stretch of drawing tasks.",
    "seed": "Seed of all randomness of the loop.",
    "level": "How much people have a part in the run, from all (1) to none (6), see [levels.md](levels.md).",
    "proofs": f"Methods whose claims are measured after the sealed test, see [methods.md](methods.md); known are "
    f"{', '.join(f'`{name}`' for name in PROVERS)}.",
    "prompt": "Sections of the seed prompt by name, in order. Empty: one section `task` with the environment's "
    "instruction. The operators write the sections `task`, `rules` and `style`.",
    "operators": f"What proposes challengers; known are {', '.join(f'`{name}`' for name in OPERATORS)}.",
    "program": "A file that `burnish program` wrote, to start from. It brings `prompt`, `retrieval`, `decoding` and "
    "exemplars, see [compiling.md](compiling.md).",
    "compiling.candidates": "Combinations that are tried in the first round, beside the champion as it is and with the "
    "newest memory.",
    "compiling.tasks": "Train tasks of the first round; each round doubles the tasks and halves the combinations.",
    "compiling.size": "Exemplars of a chosen set.",
    "compiling.sets": "Sets drawn by chance, beside the most useful exemplars and those that cover memory best.",
    "models.task": "The model that answers tasks.",
    "models.reflector": "The model that rewrites the prompt from failures; the task model when it is left out.",
    "models.judge": "The model that rates answers; the task model when it is left out.",
    "models.task.url": '`"embedded"`, or the base of an OpenAI-compatible API, such as `http://127.0.0.1:11434/v1`.',
    "models.task.name": "The model's name as the server knows it; empty sends none.",
    "models.task.file": "With `embedded`, a GGUF file to serve instead of the packaged model.",
    "models.task.adapter": "With `embedded`, an adapter that `burnish train` made: its folder, or the GGUF file. The "
    "seed program answers with it.",
    "models.task.api_key_env": "The *name* of the environment variable that holds the API key; empty sends none.",
    "models.task.concurrency": "Calls in flight at a time; the embedded model takes 4 at most.",
    "models.task.timeout_seconds": "Longest wait for one answer.",
    "models.task.retries": "How often a call that failed in passing is tried again.",
    "models.task.template_tokens": "Upper bound of what the server's chat template adds to one message; part of the "
    "worst case that is reserved before a call.",
    "models.task.grammars": "Whether the server holds answers to a `grammar` in GBNF, as llama.cpp's does; the "
    "embedded model always does.",
    "models.task.usd_per_million_prompt_tokens": "Price of prompt tokens in US dollars.",
    "models.task.usd_per_million_completion_tokens": "Price of answer tokens in US dollars.",
    "budget.calls": "Most model calls of the run.",
    "budget.tokens": "Most prompt and answer tokens of the run.",
    "budget.usd": "Most US dollars, by the prices of the models; without prices nothing is counted.",
    "budget.seconds": "Most seconds of all sittings together.",
    "budget.iterations": "Most iterations.",
    "sampling.tasks": "Train tasks of an iteration. The curriculum may draw more of them, see below.",
    "sampling.samples": "Answers to each of them. The curriculum may ask for fewer.",
    "sampling.temperature": "Temperature of these answers, 0 to 2. The guard may raise it.",
    "sampling.top_p": "Nucleus of these answers.",
    "sampling.sketches": "Where answers are plans, attempts at a task whose cell memory knows little of: each calls "
    "other tools, drawn by chance, and the model fills in their arguments. 0 lets the model choose the tools always.",
    "sampling.hints": "Tasks that no answer was right for, tried once more with a hint at how a right answer ends "
    "(STaR); 0 is none. The environment has to know answers.",
    "sampling.variants": "Variants of its task, with other constants, that a plan has to be right for before it is "
    "learned; 0 is none. The environment has to make them.",
    "sampling.forms": "Where the environment knows the form of its answers and the server takes grammars, attempts at "
    "a task whose cell memory knows little of are held to it. Trials, gate and sealed test are not.",
    "retrieval.policy": "`shelves`: a few fixed sets of exemplars that many tasks share, so that servers find most of "
    "a prompt in their cache. `nearest`: the most alike for every task anew. `value`: of the turns of episodes that "
    "are alike, those whose action was worth most in all logged episodes; elsewhere the same as `nearest`.",
    "retrieval.k": "Exemplars shown with a task, 0 or more.",
    "retrieval.relevance": "The weight of likeness against spread, 0 to 1 (rho of maximal marginal relevance).",
    "retrieval.order": "Whether the most alike exemplar stands last or first.",
    "retrieval.shelves": "With `shelves`, how many sets there are, 1 or more.",
    "decoding.temperature": "Temperature in trials, gate and sealed test, 0 to 2.",
    "decoding.top_p": "Nucleus there, above 0 and at most 1.",
    "decoding.max_tokens": "Longest answer in tokens, 1 or more; a longer one is cut off.",
    "decoding.rendering": "Exemplars as chat turns, or as one block in the system message.",
    "decoding.format": "`json` asks the server for a JSON object (`response_format`); `extract` for one "
    "whose texts and numbers are copied from the task, `plan` for calls of the environment's tools on the task's own "
    "constants, both by a grammar (llama.cpp, so also the embedded model). `auto`: `plan` where the environment has "
    "tools and the server takes grammars, else `text`.",
    "decoding.tags": "Whether each exemplar says how it came about, and the task asks for what people made.",
    "decoding.best_of": "Answers of which one is given, in trials, gate and sealed test; above 1 it takes a "
    "`decoding.temperature` above 0. Attempts are sampled anyway, and episodes are played once.",
    "decoding.choice": "Which one: `vote`, whose last line most of them have; `steps`, the one whose steps the step "
    "model finds right, which takes an environment that labels steps, and until some are right and some wrong is "
    "`vote`.",
    "memory.index": "`chroma` keeps the vector index on disk; `numpy` compares with every exemplar, in RAM.",
    "memory.embedder": "`minilm` (packaged), `hash` (spelling only, no model), or the folder of a "
    "sentence-transformers model.",
    "memory.form": "The share of likeness that is a matter of sentence build; the rest is meaning. 1 for tasks whose "
    "answers follow their wording, such as word problems.",
    "memory.seeds": "How many of the exemplars that people made, where the environment brings some, memory begins "
    "with; all when it is left out.",
    "decoding.history": "Earlier turns of an episode that are shown before the observation.",
    "sealed.tasks": "Test tasks of the sealed test; each is answered by up to five programs.",
    "sealed.alpha": "Significance of the verdict `improved`.",
    "review.patience_seconds": "Longest wait for people, after which the run stops, to be resumed; 0 asks and stops. "
    "Left out, it waits as long as `budget.seconds` lasts.",
    "review.sample": "At level 4, answers of the sealed test that people judge.",
    "expanding.methods": f"Known are {' and '.join(f'`{name}`' for name in EXPANDERS)}; nothing is expanded below "
    "level 6.",
    "expanding.drafts": "Texts that each method writes in an iteration; most become no task.",
    "expanding.samples": "Answers to each task that was made.",
    "constitution.file": "A TOML file of principles; empty is no constitution. A recipe may name one that stands "
    "beside it.",
    "constitution.answers": "Answers of an iteration that are criticised and revised.",
    "judging.by": "Who rates: the model of `models.judge`; `steps`, the step model of what the environment labelled, "
    "without a call; `student`, which learns from the model's ratings and rates every answer.",
    "judging.reasons": "Whether the judge says why before it rates. The rating is then the digit it writes; "
    "without, it is the expected value over the probabilities of the digits where the server gives them.",
    "judging.shown": "Answers of the iteration before that the judge is shown, half verified and half not.",
    "train.every": "Every so many iterations an adapter is trained and goes to the gate; 0 is never. See "
    "[training](training.md); it takes the extra `train` and the embedded model.",
    "train.method": "LoRA on right answers, or on pairs of a right and a wrong one.",
    "train.epochs": "Times through the data.",
    "train.steps": "Steps of training instead of epochs; 0 goes by epochs.",
    "train.batch": "Rows a step.",
    "train.rank": "Rank of LoRA.",
    "train.learning_rate": "By default 5e-4 for `sft` and 5e-5 for `dpo`.",
    "train.max_length": "Tokens after which a row is cut; one whose prompt alone is as long is left out.",
    "train.per_task": "Most answers to a task that are learnt.",
    "train.terms": "A file of terms of models of your own, as for `burnish export`.",
    "train.competing": "Whether what is trained may compete with the makers of the models whose answers it learns; "
    "`false` admits those that allow others only.",
    "curriculum.frontier.floor": "Added to every task's weight, so that none is left out.",
    "curriculum.frontier.prior": "Pseudo-tries that shrink a task's solve rate towards that of its cell.",
    "curriculum.frontier.breadth": "Candidates drawn for every task that is wanted.",
    "curriculum.frontier.balance": "How much tasks of cells of which memory holds many exemplars come less often; 0 "
    "for not at all.",
    "curriculum.frontier.search": "By how much `sampling.tasks` is multiplied until the first answer is verified.",
    "admission.novel.novelty": "Exemplars at this cosine or above are near-duplicates, of which one survives.",
    "admission.novel.per_task": "Most exemplars of one task.",
    "admission.novel.per_cell": "Exemplars of one cell that are always allowed.",
    "admission.novel.dominance": "By how much a cell may be larger than the mean of all that hold exemplars; 0 for not "
    "at all beyond `per_cell`.",
    "eviction.crowding.size": "Most exemplars in memory.",
    "eviction.crowding.weight": "How much usefulness counts against crowding.",
    "eviction.oldest.size": "Most exemplars in memory.",
    "rewriting.yield.trials": "Most proposals tried on train tasks in an iteration.",
    "rewriting.yield.trial_tasks": "Train tasks of a trial; the champion answers the same ones.",
    "rewriting.yield.growing": "Nothing is raced while an iteration's new exemplars are this share of memory or more.",
    "rewriting.yield.challengers": "Most challengers sent to the gate after trials.",
    "acceptance.betting.alpha": "Probability, for the whole run, of promoting a program that is no better.",
    "acceptance.betting.minimum_effect": "A challenger that is shown to gain less than this is rejected.",
    "acceptance.betting.futility": "Probability of rejecting one that gains as much; costs power only.",
    "acceptance.betting.cap": "Most validation tasks of one race.",
    "acceptance.betting.block": "Validation tasks between two looks.",
    "acceptance.betting.imagined_wins": "A race is given up when even so many more wins would not decide it.",
    "rating.audit.most": "Most ratings of an iteration.",
    "rating.all.most": "Leave it out: every attempt is rated.",
    "diversity.ladder.vendi": "Alarm below this share of the first Vendi score; 0 is off.",
    "diversity.ladder.coverage": "Alarm below this share of the first cell coverage; 0 is off.",
    "diversity.ladder.entropy": "Alarm below this share of the first cell entropy; 0 is off.",
    "diversity.ladder.alpha": "An alarm of coverage or entropy takes a fall that is rarer than this by chance.",
    "diversity.ladder.patience": "Alarmed iterations in a row before the first action, and calm ones back to the foot.",
    "diversity.off.vendi": "As for `ladder`; alarms are told and nothing is done.",
    "diversity.off.coverage": "The same.",
    "diversity.off.entropy": "The same.",
    "diversity.off.alpha": "The same.",
    "stopping.plateau.patience": "Iterations in a row without an accepted challenger before the run stops.",
    "budget.reserving.margin": "Multiplies the seconds kept for the sealed test.",
    "budget.reserving.first_seconds_a_call": "Assumed seconds a call before any was made.",
}

HEAD = """# Configuration

<!-- printed by docs/generate_configuration.py: change that, not this page -->

A run is decided by its configuration. Every key has a default; an unknown key or a wrong value is refused with the
nearest right one. A value is taken from, in this order:

1. the options of `burnish run`: `--env`, `--model`, `--seed`, `--budget-calls`, `--budget-tokens`, `--budget-usd`,
   `--budget-seconds`, `--iterations`, and `-o key.sub=value` for any key, as often as needed;
2. the TOML file given to `burnish run`, for example `burnish run examples/contacts.toml --dir runs/first`;
3. the defaults below.

The value of `-o` is read as TOML, and as text where it is none: `-o sampling.tasks=16`, `-o decoding.format=json`,
`-o 'operators=["memory", "rules"]'`. `-o` is applied last, so it overrides the other options too. In Python,
`RunConfig.parse` takes the same keys as nested dictionaries, and `RunConfig.load` reads a file.

What a run was started with, all defaults written out, is in its `run.toml`. `burnish resume` reads that file; it can
change the budget and nothing else.
"""

POLICIES = """## [policies]

One table for each kind of decision. `name` chooses an implementation, the first one by default; the other keys are
its options:

```toml
[policies.curriculum]
name = "uniform"

[policies.acceptance]
cap = 120
```
"""


ENVIRONMENTS = """## Options of the built-in environments

Given in `[environment_options]`, or as `-o environment_options.shapes=4`.
"""


class Row(NamedTuple):
    """One key: where its meaning is found, its name, type and default."""

    path: str
    name: str
    type: str
    default: str


def page() -> str:
    """The whole page.

    Raises:
        SystemExit: the meanings and the keys of the code do not match.

    """
    chapters = [*sections(), *policies()]
    written = {row.path for _, rows in chapters for row in rows}
    for wrong, what in ((written - MEANINGS.keys(), "no meaning"), (MEANINGS.keys() - written, "no key in the code")):
        if wrong:
            raise SystemExit(f"{', '.join(sorted(wrong))}: {what}; correct MEANINGS in {__file__}")
    return "\n".join([HEAD, *(text + table(rows) for text, rows in chapters), environments()])


def sections() -> Iterator[tuple[str, list[Row]]]:
    """Text and keys of every table but those of the policies."""
    yield "## Top level\n", [r for r in rows_of(RunConfig) if r.default != "see below" and r.path != "policies"]
    yield f"## [models]\n\n{said(ModelsConfig)}\n", list(rows_of(ModelsConfig, "models."))
    yield (
        f"### [models.task], [models.reflector], [models.judge]\n\n{said(ModelConfig)}\n",
        [*rows_of(ModelConfig, "models.task.")],
    )
    for name, field in RunConfig.model_fields.items():
        section = field.annotation
        if is_section(section) and section is not ModelsConfig:
            yield f"## [{name}]\n\n{said(section)}\n", list(rows_of(section, f"{name}."))


def policies() -> Iterator[tuple[str, list[Row]]]:
    """Text and keys of every kind of decision."""
    yield POLICIES, []
    for kind, known in IMPLEMENTATIONS.items():
        yield f"### [policies.{kind}]\n", []
        for number, (name, cls) in enumerate(known.items()):
            chosen = f"`name = {json.dumps(name)}`{', the default' if number == 0 else ''}"
            yield f"{chosen}\n\n{said(cls)}\n", list(rows_of(cls, f"{kind}.{name}."))


def environments() -> str:
    """The options of the built-in environments."""
    lines = ["| environment | option | default |", "|---|---|---|"]
    for name in BUILT_IN:
        parameters = inspect.signature(type(load(name, {}))).parameters.values()
        lines += [f"| `{name}` | `{p.name}` | {default(p.default)} |" for p in parameters]
    return f"{ENVIRONMENTS}\n" + "\n".join(lines)


def rows_of(section: Any, prefix: str = "") -> Iterator[Row]:
    """The keys of a pydantic model or a dataclass."""
    if issubclass(section, BaseModel):
        for name, field in section.model_fields.items():
            yield Row(
                prefix + name,
                name,
                typed(field.annotation, field.metadata),
                default(field.get_default(call_default_factory=True)),
            )
    else:
        hints = get_type_hints(section, include_extras=True)
        for part in fields(section):
            yield Row(prefix + part.name, part.name, typed(hints[part.name]), default(part.default))


def table(rows: Iterable[Row]) -> str:
    """A Markdown table of keys, nothing where there are none."""
    lines = [f"| `{row.name}` | {row.type} | {row.default} | {MEANINGS[row.path]} |" for row in rows]
    head = ["", "| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, ""]) if lines else ""


def is_section(kind: Any) -> bool:
    """Whether a type is a table with keys of its own."""
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind))


def typed(kind: Any, limits: Iterable[object] = ()) -> str:
    """A type in words, with the limits that pydantic holds."""
    arguments = [a for a in get_args(kind) if a is not NoneType]
    if get_origin(kind) in {Union, UnionType}:
        return typed(arguments[0])
    if get_origin(kind) is Annotated:
        return typed(arguments[0], arguments[1:])
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if get_origin(kind) in {tuple, dict}:
        return "list of text" if get_origin(kind) is tuple else "table"
    words = {bool: "true or false", int: "integer", float: "number", str: "text"}
    bounds = " and ".join(sign for m in limits for sign in signs(m))
    return f"{words.get(kind, 'table')} {bounds}".strip()


def signs(metadata: object) -> Iterator[str]:
    """Limits such as "> 0"."""
    for part in (metadata, *getattr(metadata, "metadata", ())):
        for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤")):
            if hasattr(part, name):
                yield f"{sign} {getattr(part, name)}"


def default(value: object) -> str:
    """A default as TOML writes it."""
    if value is None:
        return "none"
    return "see below" if is_section(type(value)) else f"`{json.dumps(value)}`"


def said(cls: Any) -> str:
    """The docstring of a class."""
    return (inspect.getdoc(cls) or "").replace("|", "\\|")


if __name__ == "__main__":
    print(page())
