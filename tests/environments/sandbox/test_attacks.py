"""Every attack, for real, against every sandbox; and the same attacks where there is none, where they succeed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest
from strength import thorough_but

from burnish.environments.sandbox.attacks import ALONE, ATTACKS, TOGETHER, Targets, achieved, assault
from burnish.environments.sandbox.inside import attacks
from burnish.environments.sandbox.processes import INSIDE, ProcessSandbox, scratch
from burnish.environments.sandbox.protocol import SandboxResult
from burnish.environments.sandbox.unsafe import Unsafe

SUCCEED_ANYWHERE = sorted(set(ATTACKS) - {"new namespaces", "raising limits", "memory of others"})
"""Without a sandbox. Of the others a kernel's settings may keep even a bare interpreter."""

MEMORY = 256 << 20


def bare(name: str, aims: Targets, folder: Path) -> SandboxResult:
    asked = json.dumps({"attacks": [name], "targets": dict(aims)})
    done = subprocess.run(
        [sys.executable, "-I", INSIDE / "attacks.py"], input=asked, capture_output=True, text=True, cwd=folder
    )
    return SandboxResult("ok", done.returncode, done.stdout, done.stderr, 0.0)


def attack(sandbox: ProcessSandbox, code: str, timeout: float = 5.0, **given: object) -> SandboxResult:
    """Run code that begins with some values."""
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    return sandbox.run(values + code, timeout=timeout, memory=MEMORY)


def children() -> set[str]:
    """Processes of ours, and what ended up with us or with init while being called as our sandboxes are."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            line = (place / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == str(os.getpid()) or (parent == "1" and str(INSIDE) in line):
            found.add(place.name)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = children()
    yield
    deadline = time.monotonic() + 10
    while not children() <= before and time.monotonic() < deadline:
        time.sleep(0.01)  # what was killed goes when a busy machine comes to it
    assert children() <= before


@contextmanager
def victim() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_the_lists_of_attacks_agree() -> None:
    assert set(ATTACKS) == set(attacks.ATTACKS)
    assert not set(TOGETHER) & set(ALONE)


@pytest.mark.parametrize("name", thorough_but({*SUCCEED_ANYWHERE} - {"2 GB of memory"}, SUCCEED_ANYWHERE))
def test_an_attack_succeeds_without_a_sandbox(name: str, aims: Targets, tmp_path: Path) -> None:
    assert achieved(bare(name, aims, tmp_path)) == [name]


def test_attacks_fail_in_a_sandbox(sandbox: ProcessSandbox, aims: Targets) -> None:
    assert achieved(assault(sandbox, TOGETHER, aims)) == []
    assert Path(str(aims["secret"])).read_text() == "not for you"


@pytest.mark.parametrize("name", thorough_but(ALONE, ATTACKS))
def test_an_attack_fails_in_a_sandbox(name: str, sandbox: ProcessSandbox, aims: Targets) -> None:
    timeout = 0.3 if name == "time without end" else 20.0
    result = assault(sandbox, [name], aims, timeout=timeout)
    assert achieved(result) == []
    secret = Path(str(aims["secret"]))
    assert secret.read_text() == "not for you"
    assert sorted(path.name for path in secret.parent.iterdir()) == ["secret", "socket", "victim"]
    expected = {"endless output": {"output"}, "time without end": {"timeout"}}
    assert result.status in expected.get(name, {"ok", "output"})


def test_nothing_reaches_a_live_listener(sandbox: ProcessSandbox) -> None:
    talk = "import socket\nsocket.create_connection(('127.0.0.1', port), 1).sendall(b'hello')\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        subprocess.run([sys.executable, "-I", "-c", f"port = {port}\n{talk}"], check=True)
        heard, _ = listener.accept()
        with heard:
            assert heard.recv(5) == b"hello"
        assert attack(sandbox, talk, port=port).status == "nonzero exit"
        with pytest.raises(TimeoutError):
            listener.accept()


def test_no_process_is_killed(sandbox: ProcessSandbox) -> None:
    kill = "import os\nos.kill(pid, 9)\n"
    with victim() as process:
        assert attack(sandbox, kill, pid=process.pid).status == "nonzero exit"
        assert process.poll() is None
        subprocess.run([sys.executable, "-I", "-c", f"pid = {process.pid}\n{kill}"], check=True)
        assert process.wait(5) == -signal.SIGKILL


def test_no_process_is_signalled_through_a_pipe_that_it_owns(sandbox: ProcessSandbox) -> None:
    tell = """
import fcntl, os
listening, telling = os.pipe()
fcntl.fcntl(listening, 8, pid)
fcntl.fcntl(listening, 10, 9)
fcntl.fcntl(listening, fcntl.F_SETFL, os.O_ASYNC)
os.write(telling, b"x")
"""
    with victim() as process:
        assert attack(sandbox, tell, pid=process.pid).status == "nonzero exit"
        assert process.poll() is None
        subprocess.run([sys.executable, "-I", "-c", f"pid = {process.pid}\n{tell}"], check=True)
        assert process.wait(5) == -signal.SIGKILL


BOMBS = {
    "forks": "import os\nwhile True:\n    os.fork()\n",
    "threads": "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()\n",
    "memory": "kept = []\nwhile True:\n    kept.append(bytearray(b'x' * (1 << 20)))\n",
    "output": "while True:\n    print('x' * 10_000)\n",
    "errors": "import sys\nwhile True:\n    print('x' * 10_000, file=sys.stderr)\n",
    "files": "number = 0\nwhile True:\n    number += 1\n    open(str(number), 'w').close()\n",
    "a file": "with open('file', 'wb') as file:\n    while True:\n        file.write(b'x' * (1 << 20))\n",
    "time": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    pass\n",
    "folders": "import os\nwhile True:\n    os.mkdir('a')\n    os.chdir('a')\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_bounded_in_time_and_space(name: str, sandbox: ProcessSandbox) -> None:
    result = attack(sandbox, BOMBS[name], timeout=0.5 if name == "time" else 2.0)
    assert result.status != "ok"
    assert len(result.stdout) + len(result.stderr) <= 2 << 20
    if name == "time":
        assert result.status == "timeout"
    if name in {"output", "errors"}:
        assert result.status == "output"
    if name == "memory":
        assert result.status in {"memory", "timeout"}


def test_nothing_is_written_where_anybody_may(sandbox: ProcessSandbox) -> None:
    place = Path(gettempdir()) / f"burnish-was-here-{os.getpid()}"
    assert attack(sandbox, "open(place, 'w').write('x')", place=str(place)).status == "nonzero exit"
    assert not place.exists()


def test_only_the_standard_library_can_be_read(jail: ProcessSandbox) -> None:
    import numpy as np

    for path in (np.__file__, __file__, Path.home() / ".bashrc", "/etc/hostname", "/proc/self/environ", "/root"):
        result = attack(jail, "import os\nos.listdir(p) if os.path.isdir(p) else open(p).read()", p=str(path))
        assert "Error" in result.stderr, path
    assert attack(jail, "import csv, ssl, sqlite3, ctypes, decimal; print(csv.__file__)").status == "ok"


def test_the_standard_library_is_not_changed(jail: ProcessSandbox) -> None:
    import csv

    before = Path(csv.__file__).read_bytes()
    for code in ("open(p, 'a')", "open(p, 'r+')", "import os; os.open(p, os.O_TRUNC)", "import os; os.remove(p)"):
        assert "PermissionError" in attack(jail, code, p=csv.__file__).stderr
    assert Path(csv.__file__).read_bytes() == before


def test_a_run_sees_nothing_of_another(jail: ProcessSandbox) -> None:
    first = attack(jail, "import os\nopen('left', 'w').write('x')\nprint(os.getcwd())")
    there = Path(first.stdout.strip())
    assert not there.exists()
    listed = attack(jail, "import os\nprint(os.listdir(place))", place=str(there.parent))
    assert "PermissionError" in listed.stderr
    assert attack(jail, "import os\nprint(os.listdir())").stdout == "[]\n"


def test_a_run_reaches_nothing_of_one_beside_it(sandbox: ProcessSandbox) -> None:
    codes = ("open(p).read()", "open(p, 'w')", "import os; os.remove(p)", "import os; os.rename(p, 'mine')")
    with scratch({"file": "x"}) as beside:
        for code in codes:
            assert attack(sandbox, code, p=str(beside / "file")).status == "nonzero exit"
        assert (beside / "file").read_text() == "x"


def test_what_a_program_leaves_behind_ends_with_it() -> None:
    leave = "import os, time\nif os.fork() == 0:\n    time.sleep(60)\nelse:\n    print('gone')\n"
    unsafe = ProcessSandbox("unsafe", Unsafe())
    started = time.monotonic()
    assert attack(unsafe, leave, timeout=20.0).stdout == "gone\n"
    assert time.monotonic() - started < 20


RAW_CALLS = """
import ctypes, mmap, platform
libc = ctypes.CDLL(None, use_errno=True)
x32, uring = 0x40000000, 425
print(libc.syscall(x32 + 39), libc.syscall(uring, 8, ctypes.create_string_buffer(200)), flush=True)
if platform.machine() == "x86_64":
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("b814000000cd80c3"))  # getpid by the table of i386
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    print("not ended")
"""


def test_machine_code_finds_no_other_way_in(jail: ProcessSandbox) -> None:
    result = attack(jail, RAW_CALLS)
    assert result.stdout == "-1 -1\n"
    assert result.status == ("killed" if os.uname().machine == "x86_64" else "ok")
