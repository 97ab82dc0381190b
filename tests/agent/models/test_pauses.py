"""A process that did not run notices it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from burnish.agent.models.ledger import Ledger
from burnish.agent.models.pauses import Pauses
from burnish.config import BudgetConfig
from burnish.types import Usage

WATCHED = """
import sys, time
from burnish.agent.models.pauses import Pauses
with Pauses(tick=0.05, longest_delay=0.5) as pauses:
    print("ready", flush=True)
    sys.stdin.readline()
    time.sleep(0.3)
    print(pauses.seconds, flush=True)
"""


def test_a_process_that_was_stopped_knows_for_how_long() -> None:
    watched = subprocess.Popen(
        [sys.executable, "-c", WATCHED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watched.stdin is not None
    assert watched.stdout is not None
    assert watched.stdout.readline() == "ready\n"
    os.kill(watched.pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(watched.pid, signal.SIGCONT)
    watched.stdin.write("\n")
    watched.stdin.flush()
    noticed = float(watched.stdout.readline())
    watched.communicate()
    assert 1.2 < noticed < 30


def test_work_is_no_pause() -> None:
    with Pauses(tick=0.01) as pauses:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
    assert pauses.seconds == 0


def test_what_was_paused_is_not_spent() -> None:
    started = time.monotonic() - 1000
    ledger = Ledger(BudgetConfig(seconds=100), spent=Usage(), started=started, paused=lambda: 990.0)
    assert 9.9 < ledger.seconds < 60
    assert ledger.seconds_left() > 30
