"""Problems of level "medium": some state, or two steps."""

from __future__ import annotations

import random

from burnish.environments.built_in.problems.problem import Problem, ints, letters, runs, words


def _rows(rng: random.Random) -> tuple[list[list[int]]]:
    width = rng.randint(2, 6)
    return ([[rng.randint(0, 20) for _ in range(width)] for _ in range(rng.randint(2, 6))],)


def _intervals(rng: random.Random) -> tuple[list[tuple[int, int]]]:
    return ([(start := rng.randint(0, 120), start + rng.randint(0, 25)) for _ in range(rng.randint(2, 9))],)


MEDIUM = (
    Problem(
        "remainder_runs",
        "(numbers: list[int]) -> list[tuple[int, int]]",
        "Take the remainders that the numbers leave when divided by $b, and return the runs of equal ones that "
        "are at least $a long, in order, each as a tuple of remainder and length.",
        """
found: list[list[int]] = []
for n in numbers:
    if found and found[-1][0] == n % $b:
        found[-1][1] += 1
    else:
        found.append([n % $b, 1])
return [(r, length) for r, length in found if length >= $a]
""",
        {"a": (1, 4), "b": (2, 90)},
        lambda rng: ([n for n in ints(rng, 0, 200) for _ in range(rng.randint(1, 5))],),
        (([],), ([5],)),
    ),
    Problem(
        "turned_rows",
        "(rows: list[list[int]]) -> list[list[int]]",
        "Rotate every row to the left by $a places, then the list of rows downwards by $b places, the last rows "
        "coming to the top. All rows are equally long.",
        """
turned = [row[$a % len(row):] + row[: $a % len(row)] if row else [] for row in rows]
down = len(rows) - $b % len(rows) if rows else 0
return turned[down:] + turned[:down]
""",
        {"a": (1, 25), "b": (1, 25)},
        _rows,
        (([],), ([[1]],)),
    ),
    Problem(
        "raised_digits",
        "(n: int) -> list[int]",
        "Return the digits of n, which is not negative, in base $a, the least significant first, each increased "
        "by $b. Zero has one digit.",
        """
digits = []
while True:
    n, digit = divmod(n, $a)
    digits.append(digit + $b)
    if n == 0:
        return digits
""",
        {"a": (2, 36), "b": (1, 20)},
        lambda rng: (rng.randint(1, 10 ** rng.randint(1, 7)),),
        ((0,),),
    ),
    Problem(
        "steps_to_stop",
        "(n: int) -> int",
        "Begin with n, which is positive. Halve an even number; multiply an odd one by $a and add $b. Return how "
        "many steps it takes to come to a number that was there before, or above one million.",
        """
seen = set()
steps = 0
while n not in seen and n <= 1_000_000:
    seen.add(n)
    n = n // 2 if n % 2 == 0 else n * $a + $b
    steps += 1
return steps
""",
        {"a": (2, 12), "b": (1, 60)},
        lambda rng: (rng.randint(1, 400),),
        ((1,), (1_000_001,)),
    ),
    Problem(
        "by_remainder",
        "(numbers: list[int]) -> dict[int, list[int]]",
        "Group the numbers by the remainder they leave when divided by $a. Return the groups by remainder, each "
        "with its numbers in their order, leaving out groups whose sum is not more than $b.",
        """
groups: dict[int, list[int]] = {}
for n in numbers:
    groups.setdefault(n % $a, []).append(n)
return {r: group for r, group in groups.items() if sum(group) > $b}
""",
        {"a": (2, 12), "b": (5, 60)},
        lambda rng: (ints(rng, 0, 70, 18),),
        (([],),),
    ),
    Problem(
        "best_window",
        "(numbers: list[int]) -> int",
        "Return the largest sum of $a numbers that follow each other, or $b if there are fewer numbers.",
        """
if len(numbers) < $a:
    return $b
return max(sum(numbers[i : i + $a]) for i in range(len(numbers) - $a + 1))
""",
        {"a": (2, 9), "b": (-99, -40)},
        lambda rng: (ints(rng, -40, 40, 18),),
        (([],), ([3],)),
    ),
    Problem(
        "turned_chunks",
        "(text: str) -> str",
        "Cut the text into chunks of $a characters, the last of which may be shorter. Reverse the characters of "
        "every $b-th chunk (numbers $b, two times $b and so on, counting from 1) and join the chunks again.",
        """
chunks = [text[i : i + $a] for i in range(0, len(text), $a)]
return "".join(c[::-1] if (i + 1) % $b == 0 else c for i, c in enumerate(chunks))
""",
        {"a": (2, 24), "b": (1, 16)},
        lambda rng: (letters(rng, longest=120),),
        (("",),),
    ),
    Problem(
        "packed_runs",
        "(text: str) -> str",
        "Write every run of equal characters as the character and the length of the run, such as e7. A run longer "
        "than $b is first split into runs of $b and a rest; a run shorter than $a is left as it is.",
        """
parts = []
i = 0
while i < len(text):
    j = i
    while j < len(text) and text[j] == text[i] and j - i < $b:
        j += 1
    parts.append(f"{text[i]}{j - i}" if j - i >= $a else text[i:j])
    i = j
return "".join(parts)
""",
        {"a": (2, 9), "b": (10, 50)},
        lambda rng: (runs(rng, longest=60),),
        (("",), ("x",)),
    ),
    Problem(
        "fewest_coins",
        "(amount: int) -> int",
        "Return the smallest number of coins worth 1, $a and $b that make up the amount exactly.",
        """
fewest = [0]
for value in range(1, amount + 1):
    fewest.append(1 + min(fewest[value - coin] for coin in (1, $a, $b) if coin <= value))
return fewest[amount]
""",
        {"a": (2, 15), "b": (16, 50)},
        lambda rng: (rng.randint(1, 160),),
        ((0,), (1,)),
    ),
    Problem(
        "last_left",
        "(names: list[str]) -> str",
        "The names stand in a circle. Counting begins with the name at index $b (go round as often as needed) as "
        "1; the $a-th leaves, and counting goes on with the next one as 1, until one is left. Return it, or an "
        "empty text if there were none.",
        """
circle = list(names)
if not circle:
    return ""
at = $b % len(circle)
while len(circle) > 1:
    at = (at + $a - 1) % len(circle)
    circle.pop(at)
    at %= len(circle)
return circle[0]
""",
        {"a": (2, 25), "b": (0, 25)},
        lambda rng: (words(rng, 12),),
        (([],), (["one"],)),
    ),
    Problem(
        "letter_score",
        "(word: str) -> int",
        "Every letter from a to z is worth its place in the alphabet (a is 1) times $a, modulo $b; other "
        "characters are worth nothing. A letter that equals the one before it counts double. Return the sum.",
        """
total = 0
for i, c in enumerate(word):
    if "a" <= c <= "z":
        total += (ord(c) - 96) * $a % $b * (2 if i and word[i - 1] == c else 1)
return total
""",
        {"a": (2, 40), "b": (7, 60)},
        lambda rng: (runs(rng, "abcxyz-Q", 3),),
        (("",), ("--",)),
    ),
    Problem(
        "joined_intervals",
        "(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]",
        "Join intervals, given as start and end, that overlap or have at most $a between the end of one and the "
        "start of the next. Return the joined ones in order of start, leaving out those that span less than $b.",
        """
joined: list[tuple[int, int]] = []
for start, end in sorted(intervals):
    if joined and start - joined[-1][1] <= $a:
        joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
    else:
        joined.append((start, end))
return [(start, end) for start, end in joined if end - start >= $b]
""",
        {"a": (0, 20), "b": (1, 25)},
        _intervals,
        (([],), ([(5, 5)],)),
    ),
    Problem(
        "series",
        "(n: int) -> int",
        "A series begins with $a and $b, and every further member is the sum of the last two, modulo 9973. Return "
        "the member at index n, counted from 0.",
        """
one, other = $a, $b
for _ in range(n):
    one, other = other, (one + other) % 9973
return one
""",
        {"a": (1, 30), "b": (1, 40)},
        lambda rng: (rng.randint(2, 90),),
        ((0,), (1,)),
    ),
)
