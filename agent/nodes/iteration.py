"""One iteration of a run, as its nodes see it: what the run is set to, what it knows, and whom it may ask."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from burnish.agent.judges.process_reward import ProcessRewardModel
from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.record.history import History
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.rollouts.rollout import Rollout
from burnish.config import RunConfig
from burnish.environments.boundary import LearningEnvironment
from burnish.memory.embedding import Embedder
from burnish.memory.journal import Journal
from burnish.memory.store import Memory
from burnish.programs import Program
from burnish.records import Completion


@dataclass(frozen=True)
class Iteration:
    """Iteration `number`, which writes the revision of that number.

    `champion` is the program in force as it begins, and `past` what was committed before it; neither changes within it.
    `last_race` says that no later iteration can race anything. `notify` tells whoever watches the run.
    """

    number: int
    config: RunConfig
    environment: LearningEnvironment
    journal: Journal
    memory: Memory
    caller: Caller
    past: History
    champion: Program
    retriever: Retriever
    process_reward: ProcessRewardModel
    meaning: Embedder
    last_race: bool
    notify: Callable[[str, Mapping[str, Any]], None]

    def rng(self, purpose: str) -> np.random.Generator:
        """The random numbers of one purpose in this iteration, the same at every replay."""
        return np.random.default_rng([self.config.seed, self.number, zlib.crc32(purpose.encode())])

    def seed_for(self, purpose: str) -> int:
        """One such number, for an environment or a model."""
        return int(self.rng(purpose).integers(2**31 - 1))

    @property
    def sketching(self) -> bool:
        """Whether plans are searched under sketches."""
        return sketching(self.config, self.champion)

    @property
    def forming(self) -> bool:
        """Whether answers are searched under their form."""
        return forming(self.config, self.champion, self.environment)

    @property
    def sampling_temperature(self) -> float:
        """The configured one, raised as long as the guard asks for more diversity."""
        return min(2.0, self.config.sampling.temperature + self.past.raised_temperature)

    def with_memory_of(self, revision: int) -> Program:
        """The champion with memory as it stands now, which `revision` names; itself where memory is the same still."""
        same = self.memory.unchanged_since(self.champion.revision)
        return self.champion if same else self.champion.at(revision)

    def rollout(self) -> Rollout:
        """Has programs answer tasks in this iteration."""
        return Rollout(
            self.caller, self.journal, self.environment, self.retriever.recall, self.number, self.process_reward.pick
        )

    async def ask_reflector(self, request: ChatRequest) -> Completion:
        """One answer of the reflector."""
        return await self.caller.ask("reflector", request, Place("rewrite", "reflection"))


def sketching(config: RunConfig, champion: Program) -> bool:
    """Whether plans are searched under sketches."""
    return config.sampling.sketches > 0 and champion.decoding.format == "plan"


def forming(config: RunConfig, champion: Program, environment: LearningEnvironment) -> bool:
    """Whether answers are searched under their form, which takes a server that knows grammars."""
    return (
        config.sampling.forms
        and environment.has_forms
        and config.models.task.takes_grammars
        and champion.decoding.format == "text"
    )
