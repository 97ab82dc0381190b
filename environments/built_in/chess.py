"""Chess: positions in which one move mates at once, or one capture wins most."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from burnish.environments.adapters.libraries import library
from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.positions import (
    COUNTS,
    best_captures,
    cornered,
    described,
    fen,
    gain,
    mates,
    positions,
)
from burnish.types import Feedback, JsonValue, Split, Status, Task

if TYPE_CHECKING:
    import chess

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "mate": "Which move mates at once?",
        "capture": "Which capture wins most? Count the piece that is taken, less the piece that takes if it can be "
        "taken back (pawn 1, knight 3, bishop 3, rook 5, queen 9).",
    }
)
"""Last line of a prompt, by kind of task."""

LATEST = 30
"""Positions of a game at most that are passed over."""

ONLY_MOVE = "answer with one move and nothing else, in algebraic notation or as its two squares"
LEGAL = "the move must be legal: the side to move moves a piece of its own, by its rule, and its king is safe after it"
GIVE_CHECK = "the move must give check"
NO_ESCAPE = (
    "after the move the king must have no way out: no free square, and nothing that takes or blocks what checks it"
)
TAKE = "the move must take a piece"
COMPARE = "compare all captures, and mind which of them can be taken back"

_UCI = re.compile("[a-h][1-8][a-h][1-8][qrbn]?")
_SAN = re.compile("(?:[KQRBN][a-h]?[1-8]?x?[a-h][1-8]|(?:[a-h]x)?[a-h][1-8](?:=[QRBN])?|O-O(?:-O)?)[+#]?")


class Chess:
    """Find the one move that mates at once, or the one capture that wins most.

    Positions are set up or played at random, and kept when exactly one move is right. The levels say how many pieces
    are on the board. A move may be written in algebraic notation or as its two squares (UCI). Needs the library
    `chess`, which the extra `chess` installs.
    """

    name = "chess"
    instruction = "Answer the question about the chess position with one move."
    licence = "Apache-2.0"
    provenance = (
        "Made by Burnish: random positions, kept when one move alone is right by the rules of the library chess."
    )
    levels = tuple(COUNTS)

    def __init__(self, *, level: str = "") -> None:
        self._levels = chosen_levels(self.name, level, self.levels)
        library("chess", environment=self.name, extra="chess")

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end."""
        rng = random.Random(f"chess {split} {seed}")
        while True:
            yield self._task(rng, split, rng.choice(tuple(QUESTIONS)), rng.choice(self._levels))

    def score(self, task: Task, answer: str) -> Feedback:
        """1 for the right move, else 0."""
        import chess

        text = answer.strip()
        board = chess.Board(str(task.data["fen"]))
        if not _UCI.fullmatch(text) and not _SAN.fullmatch(text):
            return _verdict(ONLY_MOVE, status=Status.UNPARSABLE)
        move = _legal(board, text)
        if move is None:
            return _verdict(LEGAL)
        if move.uci() == task.data["move"]:
            return _verdict("", legal=True, aim=True)
        if task.data["kind"] == "mate":
            check = board.gives_check(move)
            return _verdict(NO_ESCAPE if check else GIVE_CHECK, legal=True, aim=check)
        capture = board.is_capture(move)
        return _verdict(COMPARE if capture else TAKE, legal=True, aim=capture and gain(board, move) > 0)

    def solve(self, task: Task) -> str:
        """The right move in algebraic notation."""
        import chess

        return chess.Board(str(task.data["fen"])).san(chess.Move.from_uci(str(task.data["move"])))

    def form(self, task: Task) -> str:  # noqa: ARG002 (the Protocol's)
        """A move in algebraic notation."""
        return _SAN.pattern

    def _task(self, rng: random.Random, split: Split, kind: str, level: str) -> Task:
        """A position of `split` in which one move alone is right."""
        while True:
            # Of a game one position is taken, for captures at a random point.
            met = islice(positions(rng, level), rng.randrange(LATEST) if kind == "capture" else 0, None)
            board, move = next((board, moves[0]) for board in met if len(moves := _right(kind, board)) == 1)
            variants = _symmetrical(board, move)
            for turned, its_move in rng.sample(variants, k=len(variants)):
                task = self._posed(turned, its_move, kind, level)
                if task.split == split:
                    return task

    def _posed(self, board: chess.Board, move: chess.Move, kind: str, level: str) -> Task:
        data: dict[str, JsonValue] = {"fen": fen(board), "kind": kind, "level": level, "move": move.uci()}
        return Task(self.name, f"{described(board)}\n{QUESTIONS[kind]}", data=data, cell=f"{kind}, {level}")


def _verdict(text: str, *, legal: bool = False, aim: bool = False, status: Status = Status.OK) -> Feedback:
    right = not text
    parts = {"legal": float(legal), "aim": float(aim)}
    return Feedback(float(right), verified=right, text=text, parts=parts, status=status)


def _legal(board: chess.Board, text: str) -> chess.Move | None:
    import chess

    try:
        move = chess.Move.from_uci(text) if _UCI.fullmatch(text) else board.parse_san(text)
    except ValueError:  # of SAN: no such move, or several
        return None
    return move if move in board.legal_moves else None


def _right(kind: str, board: chess.Board) -> list[chess.Move]:
    if kind == "mate":
        return mates(board) if cornered(board) else []
    # Where a pawn could promote as it takes, what that wins is a matter of counting.
    return [] if any(move.promotion for move in board.generate_legal_captures()) else best_captures(board)


def _symmetrical(board: chess.Board, move: chess.Move) -> list[tuple[chess.Board, chess.Move]]:
    """The position and what it becomes with left and right or the colours changed: nobody may castle in it."""
    import chess

    flipped = board.transform(chess.flip_horizontal)
    return [
        (board.copy(stack=False), move),
        (flipped, _mirrored(move, 7)),
        (board.mirror(), _mirrored(move, 56)),
        (flipped.mirror(), _mirrored(move, 63)),
    ]


def _mirrored(move: chess.Move, turn: int) -> chess.Move:
    """A move on a board turned over: 7 left and right, 56 up and down, 63 both."""
    import chess

    return chess.Move(move.from_square ^ turn, move.to_square ^ turn, move.promotion)
