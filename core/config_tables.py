"""The tables of a run's configuration. Each key has its type, limits, default and meaning here and nowhere else.

The text under a key is its meaning: `docs/configuration.md`, `--help` and `burnish config` print it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge
from pydantic import field_validator, model_validator

from burnish.limits import AboveZero, Count, NonNegative, Nucleus, Positive, Probability, Share, Temperature
from burnish.paths import FileName, NamesFile
from burnish.section import Section

DEFAULT_CALLS = 800


class BudgetConfig(Section):
    """Hard limits of a run. What is left out is not limited, but a run without any limit has one of 800 calls."""

    calls: Positive | None = None
    """Most model calls of the run."""
    tokens: Positive | None = None
    """Most prompt and answer tokens of the run."""
    usd: AboveZero | None = None
    """Most US dollars of the run, by the prices of its models."""
    seconds: AboveZero | None = None
    """Most seconds of the run, all sittings together."""
    iterations: Positive = 1000
    """Most iterations of the run."""

    @model_validator(mode="before")
    @classmethod
    def _never_without(cls, limits: object) -> object:
        return {"calls": DEFAULT_CALLS} if limits == {} else limits


class SamplingConfig(Section):
    """How an iteration gathers attempts at train tasks."""

    tasks: Positive = 12
    """Train tasks of an iteration. The curriculum may draw more."""
    samples: Positive = 1
    """Answers to each of these tasks. The curriculum may ask for fewer."""
    temperature: Temperature = 0.7
    """Temperature of answers to tasks that were tried before, of second samples and of searches. The guard of diversity
    may raise it, and the program's own.
    """
    own_first: bool = True
    """Whether a program's first answer to a task is given at the program's own temperature, so that it shows what the
    program can do. `false`: it is sampled as well, as a log of varied behaviour needs it.
    """
    top_p: Nucleus = 0.95
    """Nucleus of these answers: the share of probability that tokens are drawn from."""
    sketches: Count = 8
    """Sketches of a plan that are tried at a task whose cell memory knows little of. A sketch is an outline of tools
    drawn at random, and the model fills in their arguments. 0: the model always chooses the tools itself.
    """
    forms: bool = True
    """Whether attempts are held to the form of the answers until one is right. This takes an environment that knows the
    form and a server that takes grammars. Trials, gate and sealed test are never held to it.
    """
    hints: Count = 0
    """Tasks of an iteration that no answer was right for and that are tried again with a hint at the end of a right
    answer (STaR). What is learned shows no hint. This takes an environment that knows answers. 0: none.
    """
    variants: Count = 0
    """Variants of its task, with other constants, that a plan has to be right for before it is learned, so that one
    that was right by chance is not. This takes an environment that makes variants. 0: none.
    """


class SealedConfig(Section):
    """The sealed test, which is opened once, after the last iteration."""

    tasks: Positive = 60
    """Test tasks, at most. Each is answered by up to five programs: seed, champion and the controls."""
    share: Share = 0.4
    """Most of the budget's calls and seconds that the sealed test may take: a small budget has fewer test tasks."""
    controls: bool = True
    """Whether the controls are answered, which say what a gain is worth: drawn exemplars, the form alone and shuffled
    memory. They never change the verdict. `false` leaves their calls to learning.
    """
    alpha: Probability = 0.05
    """Significance level of the verdict `improved`."""
    seed: Count | None = None
    """What decides which test tasks are asked. Left out, it is drawn at random, and nobody knows it before the test is
    opened. Give it where a run is to be repeated exactly.
    """


class MemoryConfig(Section):
    """Where exemplars are looked up, and what counts as alike."""

    index: Literal["chroma", "numpy"] = "chroma"
    """`chroma` keeps the vector index on disk. `numpy` compares with every exemplar, in RAM."""
    embedder: Annotated[str, NamesFile(words=("minilm", "hash"))] = "minilm"
    """`minilm` is the packaged model, `hash` compares spelling and needs no model. Anything else is the folder of a
    sentence-transformers model.
    """
    follows: bool = True
    """Whether the champion shows what was learned as soon as it is verified, watched for harm by an earlier memory that
    answers some of the same tasks. `false`: newer memory is raced like any other challenger.
    """
    form: Share = 0.5
    """The share of likeness that is about how sentences are built. The rest is about what they mean. 1 suits tasks
    whose answers follow their wording, such as word problems. Of a share between 0 and 1 retrieval finds a better one,
    where the answers in memory show it: tasks whose answers are a few labels are alike by their meaning.
    """
    seeds: Count | None = None
    """How many of the exemplars that people made memory begins with, where the environment brings some. Left out, it
    begins with all of them.
    """

    @field_validator("form", mode="before")
    @classmethod
    def _share_not_switch(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("must be a share from 0 (meaning alone) to 1 (form alone), such as 0.5")  # noqa: TRY004
        return value


class ReviewConfig(Section):
    """What people are asked, where `level` has them asked."""

    patience_seconds: NonNegative | None = None
    """Longest wait for people's answers. After it the run stops, to be resumed; with 0 it asks and stops at once. Left
    out, the run waits as long as `budget.seconds` lasts.
    """
    sample: Positive = 20
    """At level 4, answers of the sealed test that people judge."""


class ExpandingConfig(Section):
    """Tasks that the run makes itself. This takes level 6 and an environment that can read and solve what was written.

    An evolved task that is always or never solved is dropped.
    """

    methods: tuple[str, ...] = ()
    """Methods of making tasks: `evol` rewrites tasks into harder ones, `backtranslation` writes tasks for answers.
    Below level 6 no task is made.
    """
    drafts: Positive = 8
    """Texts that each method writes in an iteration. Most of them become no task."""
    samples: Positive = 4
    """Answers to each task that was made."""


class ConstitutionConfig(Section):
    """Principles by which answers are criticised and revised, each answer by at most four of them."""

    file: FileName = ""
    """A TOML file of principles. Empty: no constitution."""
    answers: Positive = 4
    """Answers of an iteration that are criticised and revised."""


class TeachingConfig(Section):
    """What the teacher is asked, where `models.teacher` names one. Its answers are verified like all others, and every
    exemplar says whose it is.
    """

    calls: Positive = 40
    """Most calls of the teacher in a run."""
    tasks: Positive = 4
    """Most tasks of an iteration that it is asked."""
    until: Share = 0.5
    """The share of its attempts that the task model must have right for the teacher not to be asked."""


class CompilingConfig(Section):
    """The search of the operator `compile` for a better combination of instruction, exemplars, k and retrieval.

    It goes in rounds: each round drops the worse half of the combinations and doubles the tasks.
    """

    candidates: Positive = 12
    """Combinations that are tried in the first round, besides the champion as it is and with the newest memory."""
    tasks: Positive = 4
    """Train tasks of the first round."""
    size: Positive = 8
    """Exemplars of a chosen set."""
    sets: Count = 2
    """Sets drawn at random, besides the most useful exemplars and those that cover memory best."""


class JudgingConfig(Section):
    """Who rates answers, and how a model is asked to."""

    by: Literal["model", "steps", "student"] = "model"
    """Who rates. `model` is the model of `models.judge`. `steps` is the step model of what the environment labelled,
    which takes no calls. `student` learns from the model's ratings and rates every answer (weak-to-strong).
    """
    reasons: bool = False
    """Whether the judge gives reasons before it rates. Its rating is then the digit it writes. Otherwise it is the
    expected value over the probabilities of the digits, where the server gives them.
    """
    shown: Count = 0
    """Answers of the iteration before that the judge is shown with the rating each deserved, half of them verified."""


Method: TypeAlias = Literal["sft", "dpo"]

LEARNING_RATES: Mapping[Method, float] = {"sft": 5e-4, "dpo": 5e-5}
"""What is used where none is given."""


class TrainConfig(Section):
    """LoRA (Hu et al. 2021) on what a run verified.

    An adapter is trained from the base model each time, and goes to the gate. See docs/training.md.
    """

    every: Count = 0
    """Iterations from one training to the next. This takes the extra `train` and the embedded model. 0: a run trains
    nothing.
    """
    method: Method = "sft"
    """`sft` learns right answers. `dpo` learns pairs of a right and a wrong answer (Rafailov et al. 2023)."""
    epochs: Positive = 3
    """Times through the data."""
    steps: Count = 0
    """Steps of training instead of epochs. 0: `epochs` decides."""
    batch: Positive = 8
    """Rows of data in one step."""
    rank: Positive = 8
    """Rank of LoRA's matrices."""
    learning_rate: AboveZero | None = None
    """Learning rate. Left out, it is 5e-4 for `sft` and 5e-5 for `dpo`."""
    max_length: Annotated[int, Ge(16)] = 512
    """Tokens after which a row is cut. A row whose prompt alone is as long is left out."""
    per_task: Positive = 10
    """Most right answers to one task that are learnt (ReST-EM, Singh et al. 2023)."""
    terms: FileName = ""
    """A file of terms of models of your own, as for `burnish export`."""
    competing: bool = True
    """Whether what is trained may compete with the makers of the models whose answers it learns. `false` also admits
    answers whose terms only forbid that.
    """

    @property
    def rate(self) -> float:
        """The learning rate: the one given, or that of the method."""
        return self.learning_rate or LEARNING_RATES[self.method]
