"""What the parts of a run cost in calls."""

from __future__ import annotations

import math

from burnish.agent.loop.registry import choose_provers
from burnish.agent.loop.session import Session
from burnish.agent.nodes.iteration import compares, proposes, races_on_train
from burnish.config import RunConfig
from burnish.policies.budget import Costs
from burnish.policies.constitution import REVISIONS
from burnish.policies.halving import calls, rungs

LEAST_SEALED = 8
"""Test tasks that a sealed test has at least, whatever share of the budget they take."""


def costs(config: RunConfig, session: Session) -> Costs:
    """What the parts of this run cost in calls: at most, but for the search of plans, which is taken to cost as much as
    in the iteration before.
    """
    policies, sampling, past = session.policies, config.sampling, session.past
    tasks, samples = policies.curriculum.effort(sampling.tasks, sampling.samples, solved=past.solved)
    attempts = tasks * samples
    if session.sketching:  # the first iteration is all search
        searched = tasks * max(samples, sampling.sketches)
        attempts = max(attempts, past.records[-1].attempts or searched)
    drafts = len(session.expanders) * config.expanding.drafts
    attempts += drafts * config.expanding.samples
    on_train = races_on_train(config, policies.acceptance, session.environment)
    raced = on_train and past.race is not None
    rewriting = policies.rewriting
    rewrites = proposes(config) and (rewriting.succession or not raced)
    stalled = config.memory.follows and not past.harmed and policies.watching.stalled(past.harms)
    looks = rewrites * rewriting.looks_after(0, 0, racing=raced, stalled=stalled)
    compared = 0
    if compares(config):
        compared = rewriting.trial_tasks * rewrites + tasks * raced
        compared += policies.watching.count(past.harms) * config.memory.follows
    revisions = 4 * min(REVISIONS, len(session.principles)) * config.constitution.answers  # two of them to the judge
    most = 0 if config.judging.by == "steps" else policies.rating.most
    ratings = attempts if most is None else min(attempts, most)
    each = session.environment.calls_per_attempt
    given = each * config.decoding.best_of
    racing = past.race is not None or bool(past.arms) or len(past.records) == 1  # at first, nobody knows
    return Costs(
        iteration=each * (attempts + compared)
        + drafts
        + (config.teaching.tasks if config.models.teacher else 0)
        + (tasks // 2 if past.rungs.keys() & {"others", "form"} else 0)
        + (0 if each > 1 else max(sampling.hints, policies.cold_start.hints_after(past.in_vain)))
        + revisions
        + ratings
        + looks * (policies.rewriting.look + ("reflection" in config.operators)),
        gate_task=2 * given * (proposes(config) and racing and not on_train),
        gate_tasks=policies.acceptance.block,
        sealed=calls_to_prove(session, controls(session)),
        search=given * _search(config),
    )


def calls_to_prove(session: Session, with_controls: int) -> int:
    """Calls of the sealed test with so many controls, and of what is proved after it."""
    given, provers = calls_per_answer(session), choose_provers(session.config)
    arms, tasks = 2 + sum(prover.arms for prover in provers), most_sealed_tasks(session)
    return given * (arms * tasks + with_controls * math.ceil(tasks / 2) + sum(prover.calls for prover in provers))


def calls_per_answer(session: Session) -> int:
    """Calls that the sealed test makes for an answer."""
    return session.environment.calls_per_attempt * session.config.decoding.best_of


def controls(session: Session) -> int:
    """Programs beside seed and champion that answer half of the test tasks, at most."""
    config = session.config
    if not config.sealed.controls:
        return 0
    # exemplars that people made have a control of their own (those of a program file do not), and so has an adapter
    some = 2 + bool(session.memory.count(0) and not config.program) + bool(config.train.every)
    return some + config.models.task.takes_grammars  # the seed in form


def most_sealed_tasks(session: Session) -> int:
    """Test tasks of a run, as many as `sealed_tasks` with all its arms."""
    arms = 2 + controls(session) / 2 + sum(prover.arms for prover in choose_provers(session.config))
    return sealed_tasks(session.config, calls_per_answer(session) * arms)


def sealed_tasks(config: RunConfig, calls: float) -> int:
    """Test tasks of a run, each of which takes so many calls: fewer than `sealed.tasks` where those would take more
    than their share of the budget.
    """
    wanted, limit = config.sealed.tasks, config.budget.calls
    if limit is None:
        return wanted
    return min(wanted, max(LEAST_SEALED, int(config.sealed.share * limit / calls)))


def _search(config: RunConfig) -> int:
    """Attempts that a search takes at most: the combinations, and the champion with the newest memory."""
    plan = rungs(config.compiling.candidates + 1, config.compiling.tasks)
    return calls(plan) if "compile" in config.operators else 0
