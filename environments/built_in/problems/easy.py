"""Problems of level "easy": one loop and a condition."""

from __future__ import annotations

from burnish.environments.built_in.problems.problem import Problem, ints, letters, words

LIST_TO_INT = "(numbers: list[int]) -> int"
LIST_TO_LIST = "(numbers: list[int]) -> list[int]"

EASY = (
    Problem(
        "sum_of_multiples",
        LIST_TO_INT,
        "Return the sum of those numbers that are multiples of $a or of $b.",
        "return sum(n for n in numbers if n % $a == 0 or n % $b == 0)",
        {"a": (2, 9), "b": (10, 90)},
        lambda rng: (ints(rng, -20, 99),),
        (([],), ([0, 0],)),
    ),
    Problem(
        "count_between",
        LIST_TO_INT,
        "Return how many of the numbers are at least $a and at most $b.",
        "return sum($a <= n <= $b for n in numbers)",
        {"a": (-20, 5), "b": (6, 40)},
        lambda rng: (ints(rng, -30, 50),),
        (([],),),
    ),
    Problem(
        "scaled",
        LIST_TO_LIST,
        "Return a list in which every number is multiplied by $a and then increased by $b.",
        "return [n * $a + $b for n in numbers]",
        {"a": (2, 30), "b": (1, 40)},
        lambda rng: (ints(rng),),
        (([],), ([0],)),
    ),
    Problem(
        "clipped",
        LIST_TO_LIST,
        "Return the numbers, with $a in place of every one below $a and $b in place of every one above $b.",
        "return [min($b, max($a, n)) for n in numbers]",
        {"a": (-20, 5), "b": (6, 40)},
        lambda rng: (ints(rng),),
        (([],),),
    ),
    Problem(
        "every_nth",
        "(items: list[str]) -> list[str]",
        "Return the item at index $a and every $b-th item after it. Indices begin at 0. The list may be shorter.",
        "return items[$a::$b]",
        {"a": (0, 20), "b": (2, 22)},
        lambda rng: ([letters(rng, longest=5) for _ in range(rng.randint(12, 50))],),
        (([],), (["x"],)),
    ),
    Problem(
        "shifted_letters",
        "(text: str) -> str",
        "Move every lower-case letter from a to z forward by $a in the alphabet and every upper-case letter from "
        "A to Z by $b. After the last letter comes the first one. Leave all other characters as they are.",
        """
def move(c: str, first: str, by: int) -> str:
    return chr((ord(c) - ord(first) + by) % 26 + ord(first))
return "".join(
    move(c, "a", $a) if "a" <= c <= "z" else move(c, "A", $b) if "A" <= c <= "Z" else c for c in text
)
""",
        {"a": (1, 25), "b": (1, 25)},
        lambda rng: (letters(rng, "abcxyzABCXYZ mnoMNO.3"),),
        (("",), ("zZ",)),
    ),
    Problem(
        "digit_mix",
        "(n: int) -> int",
        "Return the sum of the decimal digits of n, without its sign, multiplied by $a, modulo $b.",
        "return sum(map(int, str(abs(n)))) * $a % $b",
        {"a": (2, 30), "b": (7, 60)},
        lambda rng: (rng.randint(-9999, 999999),),
        ((0,), (-7,)),
    ),
    Problem(
        "first_above",
        LIST_TO_INT,
        "Return the first number that is greater than $a, or $b if there is none.",
        "return next((n for n in numbers if n > $a), $b)",
        {"a": (5, 45), "b": (-60, -31)},
        lambda rng: (ints(rng),),
        (([],),),
    ),
    Problem(
        "text_value",
        "(text: str) -> int",
        "Return the value of a text. Every word, that is what stands between white space, counts $a, and a word "
        "with more than $b letters counts twice as much.",
        "return sum($a * (2 if len(word) > $b else 1) for word in text.split())",
        {"a": (2, 90), "b": (2, 8)},
        lambda rng: (" ".join(words(rng)),),
        (("",), ("  ",)),
    ),
    Problem(
        "jumps",
        LIST_TO_INT,
        "Return how many neighbours in the list differ by at least $a and at most $b.",
        "return sum($a <= abs(x - y) <= $b for x, y in zip(numbers, numbers[1:]))",
        {"a": (1, 15), "b": (16, 50)},
        lambda rng: (ints(rng),),
        (([],), ([4],)),
    ),
    Problem(
        "calls",
        "(n: int) -> list[str]",
        'Return what is called out for the numbers from 1 to n: "tick" for a multiple of $a, "tock" for one of '
        '$b, "ticktock" for a multiple of both, and the number itself as text for any other.',
        'return [("tick" * (i % $a == 0) + "tock" * (i % $b == 0)) or str(i) for i in range(1, n + 1)]',
        {"a": (2, 20), "b": (2, 30)},
        lambda rng: (rng.randint(1, 45),),
        ((0,), (1,)),
    ),
    Problem(
        "power_remainders",
        LIST_TO_LIST,
        "Return for every number the remainder from 0 to less than $b that its power with exponent $a leaves when "
        "divided by $b.",
        "return [n**$a % $b for n in numbers]",
        {"a": (2, 9), "b": (3, 80)},
        lambda rng: (ints(rng),),
        (([],), ([0],)),
    ),
    Problem(
        "without",
        LIST_TO_LIST,
        "Return the numbers in their order, leaving out those that are below $a and those that are multiples of $b.",
        "return [n for n in numbers if n >= $a and n % $b]",
        {"a": (-25, 20), "b": (2, 15)},
        lambda rng: (ints(rng),),
        (([],), ([0, 0],)),
    ),
    Problem(
        "padded",
        "(text: str) -> str",
        "Return the text with as many dots before it as make it $a characters long, and as many exclamation marks "
        "after it as then make it $b characters long. A text that is longer is left as it is.",
        'return text.rjust($a, ".").ljust($b, "!")',
        {"a": (3, 20), "b": (21, 45)},
        lambda rng: (letters(rng, longest=30),),
        (("",), ("x" * 50,)),
    ),
)
