"""A person who answers what a run asks people, beside it, in the journal, while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from burnish.memory.journal import Journal
from burnish.records import Decision, Question

Decide: TypeAlias = Callable[[Journal, Question], Decision]
LOOKING_SECONDS, SITTING_DOWN_SECONDS = 0.02, 0.2


@contextmanager
def at_the_desk(run: Path, decide: Decide) -> Iterator[None]:
    """Somebody answers each question once, as `decide` says, until the block ends."""
    stop = threading.Event()

    def sit() -> None:
        while not (run / "journal.db").exists() and not stop.is_set():
            time.sleep(LOOKING_SECONDS)
        time.sleep(SITTING_DOWN_SECONDS)
        journal, done = Journal.join(run / "journal.db"), set[str]()
        while not stop.is_set():
            for question in journal.questions():
                if question.id not in done:
                    done.add(question.id)
                    journal.add_decision(decide(journal, question))
            time.sleep(LOOKING_SECONDS)
        journal.close()

    person = threading.Thread(target=sit)
    person.start()
    try:
        yield
    finally:
        stop.set()
        person.join()
