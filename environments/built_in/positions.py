"""Chess positions at random, and the moves in them that mate at once or win most material.

The rules are those of the library `chess`, which is imported within functions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import chess

NAMES = ("pawn", "knight", "bishop", "rook", "queen", "king")
"""Of the pieces that the library numbers from 1 to 6."""
VALUES = (0, 1, 3, 3, 5, 9, 0)
"""What a piece is worth in pawns, by its number. A king is never taken."""

COUNTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"few pieces": (4, 7), "middle": (10, 20), "full board": (25, 32)}
)
"""Pieces on the board, kings and pawns included, by level: fewest and most."""

LONGEST_GAME = 60
"""Moves of one side after which a random game is given up."""
QUIET_OPENING = 6
MOST_FLIGHTS = 2
"""Squares that a king has at most where a mate is looked for."""


def mates(board: chess.Board) -> list[chess.Move]:
    """Every legal move that mates at once."""
    found = []
    may_check = _may_check(board)
    for move in board.legal_moves:
        if may_check(move):
            board.push(move)
            mated = board.is_checkmate()
            board.pop()
            found += [move] if mated else []
    return found


def _may_check(board: chess.Board) -> Callable[[chess.Move], bool]:
    """False of most moves that give no check, true of all that do, and many times faster than playing them."""
    import chess

    king = board.king(not board.turn)
    assert king is not None
    diagonal = chess.BB_DIAG_ATTACKS[king][chess.BB_DIAG_MASKS[king] & board.occupied]
    straight = (
        chess.BB_RANK_ATTACKS[king][chess.BB_RANK_MASKS[king] & board.occupied]
        | chess.BB_FILE_ATTACKS[king][chess.BB_FILE_MASKS[king] & board.occupied]
    )
    pawn, knight = chess.BB_PAWN_ATTACKS[not board.turn][king], chess.BB_KNIGHT_ATTACKS[king]
    reach = (0, pawn, knight, diagonal, straight, diagonal | straight, 0)  # by the number of the piece
    uncovering = (diagonal | straight) & board.occupied_co[board.turn]

    def may_check(move: chess.Move) -> bool:
        if chess.BB_SQUARES[move.from_square] & uncovering or move.promotion or board.is_en_passant(move):
            return True
        piece = board.piece_type_at(move.from_square) or 0
        return bool(chess.BB_SQUARES[move.to_square] & reach[piece]) or board.is_castling(move)

    return may_check


def cornered(board: chess.Board) -> bool:
    """Whether the king of the side that waits has few squares to go to; a quick sieve, since most mates are of such."""
    import chess

    king = board.king(not board.turn)
    assert king is not None
    around = chess.BB_KING_ATTACKS[king] & ~board.occupied_co[not board.turn]
    return sum(not board.is_attacked_by(board.turn, square) for square in chess.scan_forward(around)) <= MOST_FLIGHTS


def gain(board: chess.Board, capture: chess.Move) -> int:
    """What a capture wins, in pawns: what it takes, less the capturing piece where a legal move takes that back.

    What a pawn gains by promoting as it takes is not counted.
    """
    import chess

    taken = chess.PAWN if board.is_en_passant(capture) else board.piece_type_at(capture.to_square) or 0
    own = board.piece_type_at(capture.from_square) or 0
    board.push(capture)
    retaken = any(board.generate_legal_moves(to_mask=chess.BB_SQUARES[capture.to_square]))
    board.pop()
    return VALUES[taken] - (VALUES[own] if retaken else 0)


def best_captures(board: chess.Board) -> list[chess.Move]:
    """The captures that win most, none unless they win something and another capture wins less."""
    gains = {move: gain(board, move) for move in board.generate_legal_captures()}
    most = max(gains.values(), default=0)
    best = [move for move, value in gains.items() if value == most]
    return best if most > 0 and len(gains) > len(best) else []


def positions(rng: random.Random, level: str) -> Iterator[chess.Board]:
    """Legal positions of a level without end; neighbours of a random game follow one another."""
    fewest, most = COUNTS[level]
    while True:
        if level == "few pieces":
            yield from _placed(rng)
            continue
        for board in _played(rng, exchange=level == "middle"):
            count = board.occupied.bit_count()
            if count < fewest:
                break
            if count <= most:
                yield board


def _placed(rng: random.Random) -> Iterator[chess.Board]:
    """A king at the edge with a piece or two of its own; the other near it, with two or three pieces, to move."""
    import chess

    edge = [
        square for square in chess.SQUARES if chess.square_file(square) in {0, 7} or chess.square_rank(square) in {0, 7}
    ]
    king = rng.choice(edge)
    near = [square for square in chess.SQUARES if 2 <= chess.square_distance(square, king) <= 3]
    other = rng.choice(near)
    own, theirs = rng.randint(2, 3), rng.randint(1, 2)
    free = rng.sample([square for square in chess.SQUARES if square not in {king, other}], own + theirs)
    board = chess.Board(None)
    board.set_piece_at(king, chess.Piece(chess.KING, chess.BLACK))
    board.set_piece_at(other, chess.Piece(chess.KING, chess.WHITE))
    for i, square in enumerate(free):
        kinds = (2, 3, 4, 5) if chess.square_rank(square) in {0, 7} else (1, 2, 3, 4, 5)
        board.set_piece_at(square, chess.Piece(rng.choice(kinds), chess.WHITE if i < own else chess.BLACK))
    if board.is_valid():
        yield board if rng.random() < 0.5 else board.mirror()


def _played(rng: random.Random, *, exchange: bool) -> Iterator[chess.Board]:
    """A game of random moves without castling: with captures preferred, or else moves of the pawns before the king,
    which lays it open.
    """
    import chess

    board = chess.Board()
    board.castling_rights = chess.BB_EMPTY
    for ply in range(2 * LONGEST_GAME):
        moves = list(board.legal_moves)
        if not moves:
            return
        if ply >= QUIET_OPENING:
            yield board
        preferred: list[chess.Move] = []
        if exchange and rng.random() < 0.5:
            preferred = [move for move in moves if board.is_capture(move)]
        elif not exchange and rng.random() < 0.35:
            shield = board.pawns & (chess.BB_FILE_F | chess.BB_FILE_G)
            preferred = [move for move in moves if chess.BB_SQUARES[move.from_square] & shield]
        board.push(rng.choice(preferred or moves))


def described(board: chess.Board) -> str:
    """A position in words and as FEN, the counts of moves left out."""
    import chess

    lines = [f"{side}: {_pieces(board, colour)}" for side, colour in (("White", chess.WHITE), ("Black", chess.BLACK))]
    lines += [f"{'White' if board.turn else 'Black'} to move", f"FEN: {fen(board)}"]
    return "\n".join(lines)


def fen(board: chess.Board) -> str:
    """The position as FEN, as if no move had been counted."""
    return f"{board.epd()} 0 1"


def _pieces(board: chess.Board, colour: chess.Color) -> str:
    """The pieces of a side, such as "king e1, queen d1, pawns a2 b2"."""
    import chess

    parts = []
    for number in range(6, 0, -1):
        squares: Sequence[str] = [chess.square_name(square) for square in board.pieces(number, colour)]
        if squares:
            parts.append(f"{NAMES[number - 1]}{'s' if len(squares) > 1 else ''} {' '.join(squares)}")
    return ", ".join(parts)
