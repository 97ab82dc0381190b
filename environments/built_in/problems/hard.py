"""Problems of level "hard": search, dynamic programming, simulation."""

from __future__ import annotations

import random

from burnish.environments.built_in.problems.problem import Problem, ints, letters, words


def _pairs(rng: random.Random) -> tuple[int, list[tuple[int, int]]]:
    n = rng.randint(2, 8)
    order = rng.sample(range(n), n)
    pairs = [tuple(sorted(rng.sample(range(n), 2), key=order.index)) for _ in range(rng.randint(1, 9))]
    if rng.random() < 0.25:
        pairs.append((pairs[0][1], pairs[0][0]))
    return n, [(x, y) for x, y in pairs]


HARD = (
    Problem(
        "longest_climb",
        "(numbers: list[int]) -> int",
        "Return the length of the longest subsequence (in order, not necessarily without gaps) in which every "
        "number is greater than the one before it by at least $a and at most $b.",
        """
best: list[int] = []
for i, n in enumerate(numbers):
    best.append(1 + max((best[j] for j in range(i) if $a <= n - numbers[j] <= $b), default=0))
return max(best, default=0)
""",
        {"a": (1, 15), "b": (16, 50)},
        lambda rng: (ints(rng, -20, 80, 22),),
        (([],), ([1],)),
    ),
    Problem(
        "fullest_load",
        "(weights: list[int]) -> int",
        "Return the largest sum of weights, each of which may be taken up to $b times, that is not more than $a. "
        "All weights are positive.",
        """
reachable = {0}
for weight in weights:
    reachable = {r + k * weight for r in reachable for k in range($b + 1) if r + k * weight <= $a}
return max(reachable)
""",
        {"a": (20, 90), "b": (1, 8)},
        lambda rng: ([rng.randint(2, 40) for _ in range(rng.randint(1, 5))],),
        (([],), ([500],)),
    ),
    Problem(
        "ways_through",
        "(rows: int, columns: int) -> int",
        "On a board of that size, a piece moves from the top left to the bottom right field, one field to the "
        "right or down at a time. A field in row r and column c, counted from 0, is closed when r * $a + c * $b "
        "leaves the remainder 5 when divided by 7; the first and the last field are always open. Return the "
        "number of ways.",
        """
ways = [[0] * columns for _ in range(rows)]
for r in range(rows):
    for c in range(columns):
        corner = (r, c) in {(0, 0), (rows - 1, columns - 1)}
        if (r, c) == (0, 0):
            ways[r][c] = 1
        elif corner or (r * $a + c * $b) % 7 != 5:
            ways[r][c] = (ways[r - 1][c] if r else 0) + (ways[r][c - 1] if c else 0)
return ways[-1][-1]
""",
        {"a": (1, 25), "b": (1, 25)},
        lambda rng: (rng.randint(1, 9), rng.randint(1, 9)),
        ((1, 1),),
    ),
    Problem(
        "cost_to_change",
        "(first: str, second: str) -> int",
        "Return the least cost of changing the first text into the second: to insert a character costs $a, to "
        "remove one $b, and to replace one by another $c.",
        """
row = [j * $a for j in range(len(second) + 1)]
for i, x in enumerate(first):
    new = [(i + 1) * $b]
    for j, y in enumerate(second):
        new.append(min(row[j + 1] + $b, new[j] + $a, row[j] + (0 if x == y else $c)))
    row = new
return row[-1]
""",
        {"a": (1, 9), "b": (1, 9), "c": (1, 9)},
        lambda rng: (letters(rng, "abcd", 9), letters(rng, "abcd", 9)),
        (("", ""), ("", "abc"), ("abc", "")),
    ),
    Problem(
        "evaluated",
        "(text: str) -> int",
        "Evaluate numbers joined by the signs + and #, without brackets. x # y stands for $a * x + $b * y and "
        "binds more tightly than +; both are evaluated from left to right.",
        """
total = 0
for part in text.split("+"):
    first, *others = map(int, part.split("#"))
    for other in others:
        first = $a * first + $b * other
    total += first
return total
""",
        {"a": (2, 25), "b": (2, 25)},
        lambda rng: (
            "".join(f"{rng.randint(0, 30)} {rng.choice('++#')} " for _ in range(rng.randint(1, 5)))
            + str(rng.randint(1, 9)),
        ),
        (("7",), ("2#3",)),
    ),
    Problem(
        "bracket_score",
        "(text: str) -> int",
        "Match every closing bracket ) with the last opening bracket ( before it that is not matched yet. A "
        "matched pair scores $a times the number of pairs around it plus one, where pairs count as soon as their "
        "opening bracket stands unmatched to the left; every bracket that stays unmatched takes $b from the "
        "score. Return the score.",
        """
score = 0
depth = 0
for c in text:
    if c == "(":
        depth += 1
    elif c == ")" and depth:
        score += $a * depth
        depth -= 1
    elif c == ")":
        score -= $b
return score - $b * depth
""",
        {"a": (2, 30), "b": (1, 30)},
        lambda rng: (letters(rng, "(()()) x", 18),),
        (("",), (")(",)),
    ),
    Problem(
        "days_needed",
        "(n: int, pairs: list[tuple[int, int]]) -> int",
        "There are n pieces of work, numbered from 0. Number i takes i * $a % $b + 1 days, and of every pair (x, "
        "y) the work x must be finished before y begins. Any number of them may be done at the same time. Return "
        "after how many days all can be finished, or -1 if the pairs make that impossible.",
        """
ends: dict[int, int] = {}
while len(ends) < n:
    ready = [i for i in range(n) if i not in ends and all(x in ends for x, y in pairs if y == i)]
    if not ready:
        return -1
    for i in ready:
        ends[i] = max((ends[x] for x, y in pairs if y == i), default=0) + i * $a % $b + 1
return max(ends.values(), default=0)
""",
        {"a": (1, 25), "b": (3, 25)},
        _pairs,
        ((0, []), (1, []), (2, [(0, 1), (1, 0)])),
    ),
    Problem(
        "sum_of_primes",
        "(n: int) -> int",
        "Return the sum of the primes p up to n for which p * $a leaves a remainder less than $b when divided by 100.",
        """
return sum(
    p for p in range(2, n + 1) if p * $a % 100 < $b and all(p % d for d in range(2, int(p**0.5) + 1))
)
""",
        {"a": (3, 60), "b": (30, 80)},
        lambda rng: (rng.randint(5, 400),),
        ((0,), (2,)),
    ),
    Problem(
        "numbers_met",
        "(start: int) -> int",
        "From a number x one comes to the remainder that x * x * $a + $b leaves when divided by 1009. Begin with "
        "start and go on until a number comes that was there before. Return how many different numbers there were.",
        """
seen = set()
x = start
while x not in seen:
    seen.add(x)
    x = (x * x * $a + $b) % 1009
return len(seen)
""",
        {"a": (2, 60), "b": (1, 60)},
        lambda rng: (rng.randint(0, 3000),),
        ((0,), (5000,)),
    ),
    Problem(
        "wrapped",
        "(text: str) -> list[str]",
        "Break a text into lines of at most $a characters. Words, which stand between white space, are separated "
        "by one space and never broken, and every line takes as many as fit. All lines but the first begin with "
        "$b spaces, which count. A word too long for any line stands in a line of its own.",
        """
lines: list[str] = []
for word in text.split():
    if lines and len(lines[-1]) + 1 + len(word) <= $a:
        lines[-1] += " " + word
    else:
        lines.append((" " * $b if lines else "") + word)
return lines
""",
        {"a": (10, 45), "b": (1, 9)},
        lambda rng: (" ".join(words(rng, 16)),),
        (("",), ("x" * 60 + " y",)),
    ),
    Problem(
        "best_profit",
        "(prices: list[int]) -> int",
        "Given the price of one thing on every day, return the greatest profit of buying it and later selling it, "
        "again and again, but at most $a times and never having more than one. Every sale costs a fee of $b, and "
        "after a sale nothing is bought for $c days following the day of the sale.",
        """
from functools import cache
@cache
def best(day: int, left: int) -> int:
    if day >= len(prices) or left == 0:
        return 0
    profit = best(day + 1, left)
    for later in range(day + 1, len(prices)):
        gain = prices[later] - prices[day] - $b
        if gain > 0:
            profit = max(profit, gain + best(later + $c + 1, left - 1))
    return profit
return best(0, $a)
""",
        {"a": (1, 5), "b": (1, 25), "c": (0, 4)},
        lambda rng: (ints(rng, 1, 60, 14),),
        (([],), ([9],), ([9, 1],)),
    ),
    Problem(
        "measured",
        "(n: int) -> int",
        "There are two jugs of $a and $b litres, both empty at first. One step fills a jug to the brim, empties "
        "it, or pours from one into the other until that is full or the first one empty. Return the least number "
        "of steps after which one jug holds exactly n litres, or -1 if that cannot be.",
        """
states = {(0, 0)}
seen = set(states)
steps = 0
while states:
    if any(n in state for state in states):
        return steps
    following = set()
    for x, y in states:
        over, back = min(x, $b - y), min(y, $a - x)
        following |= {($a, y), (x, $b), (0, y), (x, 0), (x - over, y + over), (x + back, y - back)}
    states = following - seen
    seen |= states
    steps += 1
return -1
""",
        {"a": (3, 28), "b": (3, 28)},
        lambda rng: (rng.randint(0, 30),),
        ((0,), (1,), (99,)),
    ),
    Problem(
        "letter_numeral",
        "(n: int) -> str",
        "Columns are named by letters: with $a letters to choose from, the names in order are those of one "
        "letter, then those of two, and so on, each length in the order of the letters. The letters are the first "
        "$a of an alphabet that begins with the letter at place $b of a to z, counted from 0, and goes on with a "
        "after z. Return the name of column n, which is at least 1.",
        """
name = ""
while n:
    n, place = divmod(n - 1, $a)
    name = chr((place + $b) % 26 + 97) + name
return name
""",
        {"a": (2, 26), "b": (0, 25)},
        lambda rng: (rng.randint(1, 10 ** rng.randint(1, 5)),),
        ((1,),),
    ),
    Problem(
        "partitions",
        "(n: int) -> int",
        "Return in how many ways n is a sum of whole numbers that are at least $a and at most $b each. The order "
        "of the numbers makes no difference, any of them may come several times, and the sum of none is 0.",
        """
ways = [1] + [0] * n
for part in range($a, $b + 1):
    for total in range(part, n + 1):
        ways[total] += ways[total - part]
return ways[n]
""",
        {"a": (1, 12), "b": (13, 60)},
        lambda rng: (rng.randint(1, 70),),
        ((0,), (1,)),
    ),
)
