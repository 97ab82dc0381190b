"""The person's queue as a page: one question at a time, a key a decision, each in the journal at once."""

from __future__ import annotations

from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.forms import Form
from burnish.agent.pages.page import Asked, Page
from burnish.agent.steering.person import user
from burnish.agent.steering.queue import ACTIONS, Queue, read_queue, say


def review(asked: Asked) -> Page:
    """The next question of the queue, and what was said last."""
    return Page("Review", "review.html", read_queue(asked.run), {"actions": ACTIONS, "who": user()})


def decided(run: InspectedRun, form: Form) -> Queue:
    """Write down what a person said to a question, and tell what is left.

    Raises:
        ConfigError: that cannot be said to it.

    """
    return say(
        run,
        form.get("question"),
        form.get("action"),
        who=form.get("who"),
        answer=form.whole("answer"),
        rating=form.get("rating"),
    )
