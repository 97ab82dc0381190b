"""The process of a TextArena game: it imports the library once and forks one process for every play.

TextArena draws from Python's global generator, so no two plays may share a process. What is said over the control
socket and over the socket of each play is told in `burnish.environments.adapters.arena_link`.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import os
import random
import re
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, NoReturn, get_type_hints

from burnish.environments.adapters.library_options import check_names, fitted, refused
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import BurnishError, ConfigError
from burnish.spelling import nearest
from burnish.types import JsonValue

STEP_SECONDS = 30
"""Wall time that the game may take for one step before its process is ended."""

KEYS = ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "HF_TOKEN")
"""What would let a game ask a model of its own, at a price."""


LATE = ("textarena.envs.Minesweeper.env",)
"""Games that draw only once they are played, so that seeds differ though openings do not."""


def main(game: str, options: str, control: str) -> None:
    """Serve one game until the other end of the control socket is closed."""
    link = socket.socket(fileno=int(control))
    _keep_offline()
    prepared = guarded_call(partial(_prepared, game, json.loads(options)))
    if isinstance(prepared, Raised):
        ours = isinstance(prepared.error, BurnishError)
        why = str(prepared.error) if ours else f'"ta:{game}" {_needs(prepared)}'
        link.sendall(_line({"refused": why, "configuration": isinstance(prepared.error, ConfigError)}))
        return
    link.sendall(_line({"version": import_module("textarena").__version__}))
    gc.freeze()  # a play that collects what it shares would first have to copy it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # plays that have ended leave no zombies
    while True:
        received, sockets, _, _ = socket.recv_fds(link, 1, 1)
        if not received:
            return
        if os.fork() == 0:
            link.close()
            _play(prepared, socket.socket(fileno=sockets[0]))
        os.close(sockets[0])


def _prepared(game: str, given: Mapping[str, JsonValue]) -> Any:
    """The game, made but not begun; its arguments are checked first."""
    arena = import_module("textarena")
    registry = import_module("textarena.envs.registration").ENV_REGISTRY
    if game not in registry:
        games = "`textarena.pprint_registry_detailed()` prints all"
        raise ConfigError(f'TextArena has no game "{game}"; {nearest(game, registry, otherwise=games)}')
    module, _, name = registry[game].entry_point.partition(":")
    options = _fitted(f"ta:{game}", getattr(import_module(module), name), given)
    begun = guarded_call(partial(_begun, arena, game, options))
    if isinstance(begun, Raised) and options and not isinstance(guarded_call(partial(_begun, arena, game, {})), Raised):
        raise refused(f"ta:{game}", "TextArena", given, begun, lambda alone: _begun(arena, game, _only(options, alone)))
    several = isinstance(begun, Raised) and "player" in str(begun).lower()
    if several or (not isinstance(begun, Raised) and not isinstance(_raw(begun).state, arena.SinglePlayerState)):
        raise ConfigError(f'"ta:{game}" is a game for several players; only single-player games have tasks')
    if isinstance(begun, Raised):
        raise begun.error
    return _made(arena, game, options)


def _fitted(spec: str, kind: type, options: Mapping[str, JsonValue]) -> dict[str, object]:
    """The options as the game's parameters have them; a `ConfigError` names one that it does not take."""
    parameters = inspect.signature(kind).parameters
    check_names(spec, options, [*parameters, "turns"])
    types = guarded_call(partial(get_type_hints, kind.__init__))  # type: ignore[misc] # nobody has made an object of it
    hints = {} if isinstance(types, Raised) else types
    return {o: fitted(spec, "TextArena", o, value, **_said(parameters[o], hints)) for o, value in options.items()}


def _said(parameter: inspect.Parameter, hints: Mapping[str, object]) -> dict[str, object]:
    """What a parameter takes, by its annotation or else its default."""
    default = parameter.default
    by_default = object if default is None or default is parameter.empty else type(default)
    return {"annotation": hints.get(parameter.name, by_default), "default": default}


def _only(options: Mapping[str, object], option: str) -> dict[str, object]:
    return {option: options[option]}


def _begun(arena: Any, game: str, options: Mapping[str, object]) -> Any:
    """The game at a first start, which not every option lets it come to."""
    made = _made(arena, game, options)
    made.reset(num_players=1, seed=0)
    return made


def _made(arena: Any, game: str, options: Mapping[str, object]) -> Any:
    random.seed(0)
    made = arena.make(game, **options)
    # "-raw" games show only what is new; an observation must hold all there is.
    return made if isinstance(made, arena.Wrapper) else arena.wrappers.LLMObservationWrapper(made)


def _needs(raised: Raised) -> str:
    """Why a game cannot be made, in words that name what to install."""
    text = str(raised.error)
    data = re.search(r"nltk\.download\('([\w.]+)'\)|nltk data \"(\w+)\"", text)
    if data:
        name = data[1] or data[2]
        return f"needs the data {name} of nltk; install it with `python -m nltk.downloader {name}`"
    if "API" in text and "key" in text.lower():
        return "asks a model of its own over the network, so it cannot be judged here; choose another game"
    if isinstance(raised.error, SyntaxError):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"cannot be loaded here, as Python {version} cannot read its module; choose another game"
    if isinstance(raised.error, ModuleNotFoundError):
        return f"cannot be loaded here, as there is no module {raised.error.name}; choose another game"
    return f"cannot be started here ({raised}); choose another game"


def _keep_offline() -> None:
    """No game reaches the network, downloads data or asks a model, whatever this machine has."""
    for key in KEYS:
        os.environ.pop(key, None)
    attribute = "connect"
    setattr(socket.socket, attribute, _no_network)
    nltk = guarded_call(partial(import_module, "nltk"))
    if not isinstance(nltk, Raised):
        nltk.download = _no_download  # type: ignore[attr-defined]


def _no_network(*_: object) -> NoReturn:
    raise OSError("games are played offline")


def _no_download(name: str, *_: object, **__: object) -> bool:
    """What a game calls to be sure of its data: fine where it is there, or else the game is refused."""
    nltk = import_module("nltk")
    folders = ("corpora", "taggers", "tokenizers")
    found = any(not isinstance(guarded_call(partial(nltk.data.find, f"{f}/{name}")), Raised) for f in folders)
    zipped = any(not isinstance(guarded_call(partial(nltk.data.find, f"{f}/{name}.zip")), Raised) for f in folders)
    if not found and not zipped:
        raise LookupError(f'nltk data "{name}" is not installed')
    return True


def _play(game: Any, link: socket.socket) -> NoReturn:
    """Serve one play, then end the process without a trace."""
    served = guarded_call(partial(_served, game, link))
    if isinstance(served, Raised):
        guarded_call(partial(link.sendall, _line({"failed": str(served)})))
    os._exit(0)


def _served(game: Any, link: socket.socket) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for line in link.makefile(encoding="utf-8"):
        asked = json.loads(line)
        signal.alarm(STEP_SECONDS)
        link.sendall(_line(_opened(game, asked["seed"]) if "seed" in asked else _stepped(game, asked["action"])))
        signal.alarm(0)


def _opened(game: Any, seed: int) -> dict[str, object]:
    """Begin; `mark` is the same for two seeds exactly when they lead to the same game."""
    random.seed(seed)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    game.reset(num_players=1, seed=seed)
    raw = _raw(game)
    inner = {name: value for name, value in vars(raw).items() if name != "state"}
    late = seed if type(raw).__module__ in LATE else None
    whole = re.sub(r" at 0x[0-9a-f]+", "", repr((inner, vars(raw.state), late)))
    mark = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:8]
    return {**_shown(game), "mark": mark, "limit": getattr(raw.state, "max_turns", None)}


def _stepped(game: Any, action: str) -> dict[str, object]:
    done, _ = game.step(action)
    return _shown(game, done=bool(done))


def _shown(game: Any, *, done: bool = False) -> dict[str, object]:
    state = _raw(game).state
    rewards = getattr(state, "rewards", None) or {}
    invalid = bool(state.error_count or state.game_info[0]["invalid_move"])
    _, observation = (0, "") if done else game.get_observation()
    return {
        "observation": str(observation),
        "done": done,
        "invalid": invalid,
        "reward": rewards.get(0),
        "progress": _progress(game),
    }


def _progress(game: Any) -> float | None:
    """How near the goal is, by the measure that most games pay by at their turn limit."""
    measure: Callable[[], object] | None = getattr(_raw(game), "_get_percentage_completion", None)
    value = guarded_call(measure) if callable(measure) else None
    return float(value) if isinstance(value, (int, float)) else None


def _raw(game: Any) -> Any:
    while "env" in vars(game):
        game = game.env
    return game


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode() + b"\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
