"""Offline and online reward, after Q-Transformer (Chebotar et al. 2023): values from logged episodes make a policy that
beats what made the log, and playing by it makes it better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from burnish.agent.proofs.base import Stage, measured, missing
from burnish.agent.rollouts.episode_values import logged
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import as_answer
from burnish.policies.statistics import Interval, difference_of_means, paired_bootstrap
from burnish.policies.values import ActionValues, Logged
from burnish.records import Proof
from burnish.types import Task

OFFLINE = "the greedy policy beats the behaviour that made the data, from logged episodes alone (reward, hidden tasks)"
PLACEBO = "with rewards permuted among the episodes it loses to the true ones"
ONLINE = "playing by it, and learning from that, makes it better still"
ROUNDS, PLAYS, CURIOSITY = 3, 300, 0.1
ENOUGH = 100
"""Good episodes with which a round ends before all are played."""
LEAST, HIDDEN = 20, 60


class ValuesProver:
    """Plays hidden tasks by values; no model has a part in it."""

    name = "values"
    calls = 0
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        journal, seed = stage.journal, stage.config.seed
        plays = logged(journal, stage.past.records[-1].number)
        if len(plays) < LEAST:
            return [missing(self.name, OFFLINE, f"{len(plays)} episodes are logged; {LEAST} are needed")]
        tasks = await stage.environment.draw("test", int(stage.rng(self.name).integers(2**31 - 1)), HIDDEN)
        player = Player(stage.environment, stage.rng(self.name))
        offline = await player.rewards(ActionValues.fit(plays), tasks)
        permuted = [
            replace(play, reward=plays[i].reward)
            for play, i in zip(plays, player.rng.permutation(len(plays)), strict=True)
        ]
        placebo = await player.rewards(ActionValues.fit(permuted), tasks)
        online = await self._online(stage, player, plays, tasks)
        behaviour = [play.reward for play in plays]
        return [
            measured(
                self.name,
                OFFLINE,
                lambda level: difference_of_means(behaviour, offline, seed=seed, level=level),
                f"{np.mean(behaviour):.3f} of {len(plays)} logged episodes, {np.mean(offline):.3f} of "
                f"{len(tasks)} played",
                above=0.0,
                resampled=len(tasks),
            ),
            self._gain(PLACEBO, placebo, offline, seed, "permuted and true rewards"),
            self._gain(ONLINE, offline, online, seed, f"after {ROUNDS} rounds of {PLAYS} episodes at most"),
        ]

    async def _online(
        self, stage: Stage, player: Player, plays: Sequence[Logged], tasks: Sequence[Task]
    ) -> list[float]:
        known = list(plays)
        for number in range(ROUNDS):
            values = ActionValues.fit(known)
            drawn = await stage.environment.draw("train", int(player.rng.integers(2**31 - 1)) + number, PLAYS)
            good = 0
            for task in drawn:
                known.append(await player.play(values, task, CURIOSITY))
                good += known[-1].reward >= 1
                if good == ENOUGH:
                    break
        return await player.rewards(ActionValues.fit(known), tasks)

    def _gain(self, claim: str, before: list[float], after: list[float], seed: int, detail: str) -> Proof:
        means = f"mean reward {np.mean(before):.3f} and {np.mean(after):.3f} on {len(before)} tasks, {detail}"

        def change(level: float) -> Interval:
            return paired_bootstrap(before, after, seed=seed, level=level)

        return measured(self.name, claim, change, means, above=0.0, resampled=len(before))


@dataclass(frozen=True)
class Player:
    """Plays episodes by values, and by chance where they say nothing."""

    environment: GuardedEnvironment
    rng: np.random.Generator

    async def rewards(self, values: ActionValues, tasks: Sequence[Task]) -> list[float]:
        """The reward of one play of each task."""
        return [(await self.play(values, task, 0.0)).reward for task in tasks]

    async def play(self, values: ActionValues, task: Task, curiosity: float) -> Logged:
        """One play, of which a share `curiosity` of the moves is by chance; judged as ever."""
        play = await self.environment.play(task)
        turns: list[tuple[str, str]] = []
        while play is not None and not play.over:
            seen = play.turn.observation
            tried = {action for before, action in turns if before == seen}
            action = None if self.rng.random() < curiosity else values.greedy(seen, tried)
            turns.append((seen, action or values.actions[self.rng.integers(len(values.actions))]))
            await play.step(turns[-1][1])
        if play is not None:
            await play.close()
        feedback = await self.environment.judge(task, as_answer([action for _, action in turns]))
        return Logged(tuple(turns), feedback.reward)
