"""The graph of one iteration."""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from burnish.agent.loop.session import Session
from burnish.agent.nodes.attempt import attempt
from burnish.agent.nodes.check import check
from burnish.agent.nodes.commit import commit
from burnish.agent.nodes.consult import consult
from burnish.agent.nodes.curate import curate
from burnish.agent.nodes.draw import draw
from burnish.agent.nodes.expand import expand
from burnish.agent.nodes.gate import gate
from burnish.agent.nodes.guard import guard
from burnish.agent.nodes.rate import rate
from burnish.agent.nodes.recall import recall
from burnish.agent.nodes.retry import retry
from burnish.agent.nodes.revise import revise
from burnish.agent.nodes.rewrite import rewrite
from burnish.agent.nodes.state import State

NODES = (draw, expand, recall, attempt, check, retry, revise, rate, consult, curate, rewrite, gate, guard, commit)


def build_graph(
    checkpointer: BaseCheckpointSaver[str] | None = None,
) -> CompiledStateGraph[State, Session, State, State]:
    """Draw → expand → recall → attempt → check → retry → revise → rate → consult → curate → rewrite → gate → guard →
    commit.

    Resuming needs no checkpointer, since the journal replays; one may be given to watch the states.
    """
    graph = StateGraph(State, context_schema=Session)
    before = START
    for node in NODES:
        graph.add_node(node.__name__, node)
        graph.add_edge(before, node.__name__)
        before = node.__name__
    graph.add_edge(before, END)
    return graph.compile(checkpointer=checkpointer)
