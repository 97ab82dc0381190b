import asyncio
import subprocess
import sys
import threading
from functools import partial
from time import monotonic, sleep

from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.environments.workers import TIMED_OUT, Workers

HANG = """
import asyncio, time
from burnish.environments.workers import Workers
print(asyncio.run(Workers(2).run([lambda: time.sleep(3600)] * 3, 0.05)))
"""


@given(st.lists(st.integers(), max_size=50), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_results_come_in_the_order_of_the_calls(values: list[int], size: int) -> None:
    async def run() -> list[object]:
        return await Workers(size).run([partial(int, value) for value in values], 10.0)

    assert asyncio.run(run()) == values


async def test_no_more_threads_run_than_the_size() -> None:
    lock = threading.Lock()
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        sleep(0.002)
        with lock:
            now -= 1

    workers = Workers(3)
    await asyncio.gather(*(workers.run([call] * 5, 10.0) for _ in range(8)))
    assert most == 3


async def test_calls_that_hang_are_given_up_and_do_not_starve_the_others() -> None:
    release = threading.Event()
    workers = Workers(2)
    hanging = [release.wait] * 4
    results = await workers.run([*hanging, *[partial(str, n) for n in range(20)]], 0.3)
    assert results == [TIMED_OUT] * 4 + [str(n) for n in range(20)]
    assert await workers.run([partial(str, 1)], 10.0) == ["1"]
    release.set()
    assert await workers.run([partial(str, n) for n in range(20)], 10.0) == [str(n) for n in range(20)]


async def test_waiting_for_a_free_thread_does_not_count_as_time_used() -> None:
    assert await Workers(1).run([partial(sleep, 0.05)] * 12, 0.5) == [None] * 12


async def test_the_event_loop_runs_on_meanwhile() -> None:
    release = threading.Event()
    running = asyncio.create_task(Workers(1).run([release.wait], 60.0))
    await asyncio.sleep(0.01)
    release.set()
    assert await running == [True]


async def test_cancelling_drops_what_waits_and_frees_the_threads() -> None:
    loop, both, release, started = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), []

    def call() -> None:
        started.append(monotonic())
        if len(started) == 2:
            loop.call_soon_threadsafe(both.set)
        release.wait()

    workers = Workers(2)
    running = asyncio.create_task(workers.run([call] * 50, 60.0))
    await both.wait()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert await workers.run([partial(str, 1)] * 3, 10.0) == ["1"] * 3
    release.set()
    assert len(started) == 2


def test_workers_serve_one_event_loop_after_another() -> None:
    workers = Workers(2)
    for _ in range(3):
        assert asyncio.run(workers.run([partial(str, 1)] * 3, 10.0)) == ["1"] * 3


def test_hung_calls_do_not_keep_the_process_alive() -> None:
    done = subprocess.run([sys.executable, "-c", HANG], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("TimedOut") == 3
