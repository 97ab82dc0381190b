from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from burnish.environments.sandbox.children import Command
from burnish.environments.sandbox.jail import Jail
from burnish.environments.sandbox.processes import ProcessSandbox, Starts
from burnish.environments.sandbox.protocol import SandboxFailure, SandboxResult
from burnish.environments.sandbox.unsafe import Unsafe

MEMORY = 256 << 20


def run(
    sandbox: ProcessSandbox, code: str, stdin: str = "", timeout: float = 20.0, **files: str | bytes
) -> SandboxResult:
    return sandbox.run(code, stdin=stdin, files=files, timeout=timeout, memory=MEMORY)


def test_a_program_reads_and_prints(sandbox: ProcessSandbox) -> None:
    result = run(
        sandbox, "import sys\nprint(input(), 'ä', open('data').read())\nprint('e', file=sys.stderr)", "é\n", data="d"
    )
    assert (result.status, result.exit_code, result.stdout, result.stderr) == ("ok", 0, "é ä d\n", "e\n")
    assert result.seconds > 0


def test_much_goes_in_and_out(sandbox: ProcessSandbox) -> None:
    text = "line\n" * 100_000
    result = run(sandbox, "import sys\nsys.stdout.write(sys.stdin.read())", text)
    assert (result.status, result.stdout == text) == ("ok", True)


def test_a_program_may_not_want_to_hear(sandbox: ProcessSandbox) -> None:
    assert run(sandbox, "print(1)", "line\n" * 100_000).stdout == "1\n"


@pytest.mark.parametrize(
    ("code", "status", "exit_code", "last"),
    [
        ("import sys; sys.exit(3)", "nonzero exit", 3, ""),
        ("import os; os._exit(0)", "ok", 0, ""),
        ("1 / 0", "nonzero exit", 1, "ZeroDivisionError: division by zero"),
        ("raise SystemExit", "ok", 0, ""),
        ("if", "nonzero exit", 1, "SyntaxError: invalid syntax"),
        ("x = '\0'", "nonzero exit", 1, "null bytes"),
        ("import this_is_nowhere", "nonzero exit", 1, "No module named 'this_is_nowhere'"),
        ("def f(): return f() + 1\nf()", "nonzero exit", 1, "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_how_programs_end(sandbox: ProcessSandbox, code: str, status: str, exit_code: int, last: str) -> None:
    result = run(sandbox, code)
    assert (result.status, result.exit_code) == (status, exit_code)
    assert last in result.stderr


def test_a_traceback_is_of_the_program_alone(jail: ProcessSandbox) -> None:
    trace = run(jail, "def f():\n    return 1 / 0\nf()").stderr
    assert trace.splitlines()[1:] == [
        '  File "program.py", line 3, in <module>',
        '  File "program.py", line 2, in f',
        "ZeroDivisionError: division by zero",
    ]


def test_memory_is_what_was_given(sandbox: ProcessSandbox) -> None:
    code = "print(len(bytearray(100 << 20)))"
    assert sandbox.run(code, timeout=20.0, memory=256 << 20).stdout == f"{100 << 20}\n"
    assert sandbox.run(code, timeout=20.0, memory=96 << 20).status == "memory"


def test_files_are_the_programs_own(jail: ProcessSandbox) -> None:
    code = (
        "import part.one, os\nopen('new', 'w').write('x')\nos.remove('data')\nprint(part.one.x, sorted(os.listdir()))"
    )
    files: dict[str, str | bytes] = {"part/one.py": "x = 1", "data": b"\xff"}
    assert jail.run(code, files=files, timeout=20.0, memory=MEMORY).stdout == "1 ['new', 'part']\n"


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", ".", "a\0b"])
def test_a_file_name_that_leads_out_is_refused(jail: ProcessSandbox, name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the scratch folder"):
        jail.run("pass", files={name: ""}, timeout=20.0, memory=MEMORY)


def test_two_runs_are_alike(jail: ProcessSandbox) -> None:
    code = "print({'a', 'b', 'c', 'd', 'e'}, hash('x'))"
    assert run(jail, code).stdout == run(jail, code).stdout


def test_classes_of_the_program_are_found(jail: ProcessSandbox) -> None:
    code = "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
    assert run(jail, code + "print(__name__, pickle.loads(pickle.dumps(A(1))))").stdout == "__main__ A(x=1)\n"


def test_packages_can_be_read_where_they_are_listed(tmp_path: Path) -> None:
    (tmp_path / "listed.py").write_text("x = 'listed'", encoding="utf-8")
    code = "import listed\nprint(listed.x)"
    assert run(ProcessSandbox("jail", Jail()), code).status == "nonzero exit"
    assert run(ProcessSandbox("jail", Jail((tmp_path,))), code).stdout == "listed\n"


def test_many_threads_may_use_one_sandbox(jail: ProcessSandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda number: run(jail, "print(input())", f"{number}\n"), range(40))
    assert [result.stdout for result in results] == [f"{number}\n" for number in range(40)]


def test_two_programs_talk(sandbox: ProcessSandbox) -> None:
    ask = "import sys\nprint(20, flush=True)\nprint('heard', input(), file=sys.stderr)"
    double = "print(2 * int(input()), flush=True)\nimport time\ntime.sleep(60)"
    first, second = sandbox.converse(ask, double, timeout=20.0, memory=MEMORY)
    assert (first.status, first.stderr, first.stdout) == ("ok", "heard 40\n", "")
    assert second.status == "killed"


def test_two_programs_that_wait_for_each_other_are_ended(jail: ProcessSandbox) -> None:
    """On a busy machine the second may hear that the first is gone before its own time is up."""
    first, second = jail.converse("input()", "input()", timeout=0.3, memory=MEMORY)
    assert first.status == "timeout"
    assert second.status == "timeout" or "EOFError" in second.stderr


class Broken:
    """Starts something that ends without having shut itself in."""

    @contextmanager
    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> Iterator[Command]:
        yield Command(["/bin/sh", "-c", "echo no wall stands >&2"], {})


@pytest.mark.parametrize(
    ("starts", "reason"),
    [
        (Broken(), "it did not start: no wall stands"),
        (Jail((Path("/nowhere"),)), "it cannot work here and now: .*'/nowhere'"),
    ],
)
def test_a_sandbox_that_cannot_start_blames_nobody(starts: Starts, reason: str) -> None:
    broken = ProcessSandbox("broken", starts)
    with pytest.raises(SandboxFailure, match=reason):
        run(broken, "pass")
    with pytest.raises(SandboxFailure, match=reason):
        broken.converse("pass", "pass", timeout=20.0, memory=MEMORY)


def test_without_a_sandbox_limits_hold_still() -> None:
    unsafe = ProcessSandbox("unsafe", Unsafe())
    assert run(unsafe, "bytearray(2 << 30)").status == "memory"
    assert run(unsafe, "while True: print('x' * 1000)").status == "output"
    assert run(unsafe, "import time; time.sleep(60)", timeout=0.3).status == "timeout"


REMOVED = """
import os, time
for n in range(12):
    fd = os.open(f'f{n}', os.O_CREAT | os.O_RDWR)
    os.unlink(f'f{n}')
    for _ in range(8):
        os.write(fd, b'x' * (1 << 20))
time.sleep(5)
"""


def test_what_is_removed_and_held_open_counts_as_written(jail: ProcessSandbox) -> None:
    assert run(jail, REMOVED).status == "output"


def test_there_are_no_files_without_a_name(jail: ProcessSandbox) -> None:
    said = "try:\n    os.open('.', os.O_TMPFILE | os.O_RDWR)\nexcept OSError as error:\n    print(error.errno)"
    assert run(jail, f"import os\n{said}").stdout == f"{errno.EOPNOTSUPP}\n"
    kept = "import tempfile\nwith tempfile.TemporaryFile(dir='.') as file:\n    print(file.write(b'ab'))"
    assert run(jail, kept).stdout == "2\n", "libraries take one with a name"


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    script = "from burnish.environments.sandbox.processes import private; print(private(), flush=True); input()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    def started() -> tuple[subprocess.Popen[str], Path]:
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert child.stdout
        return child, Path(child.stdout.readline().strip())

    (living, kept), (killed, left) = started(), started()
    killed.kill()
    killed.communicate()
    assert left.is_dir()
    third, _ = started()
    assert kept.is_dir()
    assert not left.exists()
    for child in (living, third):
        child.communicate("\n")
    assert list(tmp_path.iterdir()) == []
