"""The graph of one iteration: which nodes a run has, in which order they run, and where the way branches.

LangGraph's state gets the counts of each part (`burnish.agent.nodes.state`): that is what
`astream(stream_mode="updates")` tells whoever watches, and what the branches are decided by.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.loop.steps import STEPS
from burnish.agent.nodes.iteration import compares, proposes
from burnish.agent.nodes.parts import Compared, Expanded, Part, Retried, Revised, Taught
from burnish.agent.nodes.state import State
from burnish.config import RunConfig
from burnish.errors import BudgetExhausted
from burnish.policies.involvement import cleaned_by_machine, judged_by_people, written_by_people

Graph = CompiledStateGraph[State, Session, State, State]


WITHOUT: Mapping[str, Part] = {
    "expand": Expanded(),
    "compare": Compared(),
    "teach": Taught(),
    "retry": Retried(),
    "revise": Revised(),
}
"""What a node comes to where the budget ends within it, if the iteration can do without."""


def build_graph(config: RunConfig | None = None, *, checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """The graph of an iteration, with the nodes that a configuration switches on.

    Resuming needs no checkpointer, since the journal replays; one may be given to watch the states.
    """
    config = config or RunConfig()
    answering, proposing = answering_nodes(config), proposes(config)
    graph = StateGraph(State, context_schema=Session)
    racing = ("rewrite", "gate") if proposing else ()
    for name in (*answering, "curate", "refuse", *racing, "guard", "roll_back", "commit"):
        graph.add_node(name, _node(name))
    graph.add_edge(START, answering[0])
    for before, after in pairwise(answering):
        if after != "retry":
            graph.add_edge(before, after)
    if "retry" in answering:
        before = answering[answering.index("retry") - 1]
        graph.add_conditional_edges(before, lambda state: _retry(state, answering), ["retry", _after_retry(answering)])
    graph.add_conditional_edges(answering[-1], _learn, ["curate", "refuse"])
    for name in ("curate", "refuse"):
        graph.add_edge(name, "rewrite" if proposing else "guard")
    if proposing:
        graph.add_conditional_edges("rewrite", _race, ["gate", "guard"])
        graph.add_edge("gate", "guard")
    graph.add_conditional_edges("guard", _undo, ["roll_back", "commit"])
    graph.add_edge("roll_back", "commit")
    graph.add_edge("commit", END)
    return graph.compile(checkpointer=checkpointer)


def answering_nodes(config: RunConfig) -> tuple[str, ...]:
    """The nodes from the choice of tasks to the last verdict, in order."""
    by_people = written_by_people(config.level)
    return (
        "draw",
        *(["expand"] if config.expanding.methods and config.level == 6 else []),
        "recall",
        "write" if by_people else "clean" if cleaned_by_machine(config.level) else "attempt",
        "check",
        *(["compare"] if compares(config) else []),
        *(["teach"] if config.models.teacher and not by_people else []),
        *(["retry"] if config.level >= 4 or (config.sampling.hints and not by_people) else []),
        *(["revise"] if config.constitution.file and not by_people else []),
        "rate",
        *(["human_review"] if judged_by_people(config.level) else []),
    )


class Node(Protocol):
    """As LangGraph calls a node."""

    async def __call__(self, state: State, runtime: Runtime[Session]) -> State: ...


def _node(name: str) -> Node:
    """The node of a name: its part is kept in the session, and its counts are all that the state gets."""
    step, without = STEPS[name], WITHOUT.get(name)

    async def node(state: State, runtime: Runtime[Session]) -> State:
        try:
            part = await step(runtime.context)
        except BudgetExhausted:  # what was learned before is kept
            if without is None:
                raise
            part = without
        runtime.context.parts.add(part)
        return part.counts

    return node


def _after_retry(answering: tuple[str, ...]) -> str:
    return answering[answering.index("retry") + 1]


def _retry(state: State, answering: tuple[str, ...]) -> str:
    """Failed tasks are tried again, if there are any and hints are given."""
    return "retry" if state["failed"] and state["hints"] else _after_retry(answering)


def _learn(state: State) -> str:
    """Where nothing is verified nothing can be learned: there is nothing to compare with memory."""
    known = ("verified", "compared_verified", "taught_verified", "hinted_verified", "revised", "carried")
    return "curate" if any(state.get(name) for name in known) else "refuse"


def _race(state: State) -> str:
    """Without a challenger there is no race, unless one goes on."""
    return "gate" if state["challengers"] else "guard"


def _undo(state: State) -> str:
    """An alarm may end in a rollback, and so does memory that does harm."""
    return "roll_back" if state["action"] == "rollback" or state.get("harmful") else "commit"
