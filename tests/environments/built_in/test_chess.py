import subprocess
import sys
from itertools import islice

import chess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.built_in.chess import (
    COMPARE,
    GIVE_CHECK,
    LEGAL,
    NO_ESCAPE,
    ONLY_MOVE,
    QUESTIONS,
    TAKE,
    Chess,
    _symmetrical,
)
from burnish.environments.built_in.positions import COUNTS, best_captures, gain, mates
from burnish.types import Feedback, Status, Task

MATE = "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"
CAPTURE = "4k3/2p5/1p1r4/8/4NP2/8/8/1R2K3 w - - 0 1"  # the knight takes the rook and is lost; the rook takes a pawn


def posed(kind: str, fen: str, move: str) -> Task:
    return Task("chess", "", {"fen": fen, "kind": kind, "level": "few pieces", "move": move}, cell=kind)


def drawn(level: str, count: int = 12) -> list[Task]:
    return list(islice(Chess(level=level).tasks("train", 4), count))


def won(board: chess.Board, move: chess.Move) -> int:
    """What a capture wins, by playing it and looking at every reply."""
    worth = {"p": 1, "n": 3, "b": 3, "r": 5, "q": 9, "k": 0}
    taken, own = board.piece_at(move.to_square), board.piece_at(move.from_square)
    assert own
    after = board.copy()
    after.push(move)
    lost = any(reply.to_square == move.to_square for reply in after.legal_moves)
    return (worth[taken.symbol().lower()] if taken else 1) - (worth[own.symbol().lower()] if lost else 0)


def is_mate(board: chess.Board, move: chess.Move) -> bool:
    after = board.copy()
    after.push(move)
    return after.is_check() and not any(after.legal_moves)


@pytest.mark.parametrize("level", COUNTS)
def test_exactly_one_move_is_right_by_looking_at_all_of_them(level: str) -> None:
    kinds = set()
    for task in drawn(level):
        board = chess.Board(str(task.data["fen"]))
        kinds.add(task.data["kind"])
        assert board.is_valid()
        assert COUNTS[level][0] <= len(board.piece_map()) <= COUNTS[level][1]
        legal = list(board.legal_moves)
        if task.data["kind"] == "mate":
            right = [move for move in legal if is_mate(board, move)]
        else:
            gains = {move: won(board, move) for move in legal if board.is_capture(move)}
            right = [move for move, value in gains.items() if value == max(gains.values()) > 0]
            assert len(gains) > 1
        assert [move.uci() for move in right] == [task.data["move"]]
        for move in legal:
            for answer in (move.uci(), board.san(move)):
                assert Chess().score(task, answer).verified is (move in right)
        assert Chess().score(task, Chess().solve(task)) == Feedback(
            1.0, verified=True, parts={"legal": 1.0, "aim": 1.0}
        )
    assert kinds == set(QUESTIONS)


@pytest.mark.parametrize("level", COUNTS)
def test_the_prompt_holds_every_piece_and_the_position_but_not_the_move(level: str) -> None:
    for task in drawn(level):
        board = chess.Board(str(task.data["fen"]))
        described, question = task.prompt.rsplit("\n", 1)
        assert question == QUESTIONS[str(task.data["kind"])]
        assert f"FEN: {task.data['fen']}" in described
        assert f"{'White' if board.turn else 'Black'} to move" in described
        sides = dict(line.split(": ") for line in described.split("\n")[:2])
        for square, piece in board.piece_map().items():
            side = sides["White" if piece.color else "Black"]
            (part,) = [part for part in side.split(", ") if part.startswith(chess.piece_name(piece.piece_type))]
            assert chess.square_name(square) in part.split()
        assert str(task.data["move"]) not in task.prompt


def test_every_symmetrical_position_has_the_symmetrical_solution() -> None:
    for level in COUNTS:
        for task in drawn(level, 6):
            board = chess.Board(str(task.data["fen"]))
            finder = mates if task.data["kind"] == "mate" else best_captures
            for turned, move in _symmetrical(board, chess.Move.from_uci(str(task.data["move"]))):
                assert turned.is_valid()
                assert finder(turned) == [move]


@pytest.mark.parametrize("answer", ["a1a8", "Ra8#", "Ra8", "Ra8+", " Ra8#\n", "R1a8", "Raa8"])
def test_a_move_may_be_written_in_several_ways(answer: str) -> None:
    assert Chess().score(posed("mate", MATE, "a1a8"), answer).verified


@pytest.mark.parametrize(
    "answer",
    [
        *("", "Ra8 mate", "1. Ra8#", "Ra8#!", "the rook", "a8 a1", "A1A8", "ra8", "a1-a8", "Ra8# or Rb1", "0000", "--"),
        *("8", "0-0", "Ｒa8", "Ra8\x00", "a1a8a1a8", "a1a8k"),
    ],
)
def test_anything_but_one_move_is_unparsable(answer: str) -> None:
    feedback = Chess().score(posed("mate", MATE, "a1a8"), answer)
    assert (feedback.reward, feedback.text, feedback.status) == (0.0, ONLY_MOVE, Status.UNPARSABLE)


@pytest.mark.parametrize(
    ("task", "answer", "text", "parts"),
    [
        (posed("mate", MATE, "a1a8"), "a1h8", LEGAL, (0, 0)),
        (posed("mate", MATE, "a1a8"), "O-O", LEGAL, (0, 0)),
        (posed("mate", MATE, "a1a8"), "e1e1", LEGAL, (0, 0)),
        (posed("mate", MATE, "a1a8"), "Ra7", GIVE_CHECK, (1, 0)),
        (posed("mate", MATE.replace("5ppp", "5pp1"), "g2g3"), "Ra8+", NO_ESCAPE, (1, 1)),
        (posed("capture", CAPTURE, "e4d6"), "Rb5", TAKE, (1, 0)),
        (posed("capture", CAPTURE, "e4d6"), "Rxb6", COMPARE, (1, 0)),
    ],
)
def test_what_is_wrong_is_said_by_rule(task: Task, answer: str, text: str, parts: tuple[int, int]) -> None:
    feedback = Chess().score(task, answer)
    assert (feedback.reward, feedback.verified, feedback.text) == (0.0, False, text)
    assert tuple(feedback.parts.values()) == parts
    assert feedback.status is Status.OK


def test_a_capture_wins_what_it_takes_less_what_is_lost() -> None:
    board = chess.Board(CAPTURE)
    assert gain(board, chess.Move.from_uci("e4d6")) == 5 - 3
    assert gain(board, chess.Move.from_uci("b1b6")) == 1 - 5
    assert best_captures(board) == [chess.Move.from_uci("e4d6")]
    board.remove_piece_at(chess.C7)
    assert gain(board, chess.Move.from_uci("e4d6")) == 5
    passing = chess.Board("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1")
    assert gain(passing, chess.Move.from_uci("e5d6")) == 1


@given(st.text() | st.from_regex("[KQRBNO]?[a-hx]{1,3}[0-9]{1,2}[=+#QRBN]{0,3}", fullmatch=True))
def test_no_text_makes_judging_fail(answer: str) -> None:
    feedback = Chess().score(posed("mate", MATE, "a1a8"), answer)
    assert feedback.status.judged
    assert bool(feedback.text) is not feedback.verified


def test_listing_does_not_load_the_library() -> None:
    script = "import sys, burnish.environments.built_in.chess; print('chess' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_the_library_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['chess'] = None\n"
        "from burnish.environments.built_in.chess import Chess\n"
        "from burnish.errors import PluginError\n"
        "try:\n    Chess()\nexcept PluginError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "\"chess\" needs chess; install it with `pip install 'burnish[chess]'`" in done.stdout
