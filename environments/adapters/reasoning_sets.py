"""What has to be known of single sets of reasoning-gym: which cannot be judged, and how others are mended.

Found by putting to every scorer of 0.1.25 the expected answer, other tasks' answers, and thousands of answers that
are wrong, malformed or hostile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias

from burnish.environments.adapters.expressions import is_expression, is_harmless_literal
from burnish.environments.adapters.numbers import number_of

Entry: TypeAlias = Mapping[str, Any]
"""An item of a set: question, answer and metadata."""

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "codeio": "it runs programs of which some draw at random without a seed, so its tasks are not the same twice",
        "composite": "it only mixes other sets; name one of them",
        "game_of_life_halting": "its scorer pays 1 for any text",
        "intermediate_integration": "its scorer pays 1 for the integral repeated unsolved, and can take minutes",
        "propositional_logic": "its scorer pays 1 for a premise repeated",
    }
)
"""Sets that are not served, with the reason."""

_NUMBER = r"[-+]?\d{1,20}(\.\d{1,20})?"
_DECIMAL = rf"{_NUMBER}(e[-+]?\d{{1,2}})?"

FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(form, re.IGNORECASE)
        for name, form in {
            "coin_flip": rf"{_DECIMAL}|\d{{1,20}}\s?/\s?\d{{1,20}}",
            "complex_arithmetic": rf"{_DECIMAL}\s?[ij]?|{_DECIMAL}\s?[-+]\s?{_DECIMAL}\s?\*?\s?[ij]",
            "fraction_simplification": r"\$?\s?(\\d?frac\s?\{\d+\}\s?\{\d+\}|\d+\s?/\s?\d+)\s?\$?",
            "gsm_symbolic": r"\$?[-+]?[\d,]{1,20}(\.\d{1,20})?",
            "kakurasu": r"[01\s]+",
            "polynomial_equations": rf"{_DECIMAL}(\s?,\s?{_DECIMAL})*",
            "quantum_lock": r"[ABC]([\s,>→-]{1,4}[ABC])*",
            "rubiks_cube": r"([A-Z]{1,3}['2]?\s?)+",
            "rush_hour": r"([A-Z][-+]\d\s?)+",
            "sokoban": r"[UDLR]+",
            "survo": r"[\d\s]+",
            "tower_of_hanoi": r"(Move disk \d{1,2} from Peg \d{1,2} to Peg \d{1,2}\s*)+",
        }.items()
    }
)
"""What an answer must look like as a whole, where the scorer finds a right answer in nearly any text, or takes any
number for a count of repetitions."""


def _is_integral(answer: str, entry: Entry) -> bool:
    return is_expression(answer, {entry["metadata"]["variable"], "C"})


def _is_product(answer: str, entry: Entry) -> bool:
    return is_expression(answer, entry["metadata"]["variables"])


def _is_sum(answer: str, _entry: Entry) -> bool:
    return is_expression(answer)


def _is_list(answer: str, _entry: Entry) -> bool:
    return is_harmless_literal(answer)


def _has_pegs(answer: str, entry: Entry) -> bool:
    # A peg that is not there has the scorer print the answer.
    pegs = {int(peg) for peg in re.findall(r"Peg (\d+)", answer)}
    return pegs <= set(range(1, entry["metadata"]["num_pegs"] + 1))


GUARDS: Mapping[str, Callable[[str, Entry], bool]] = MappingProxyType(
    {
        "binary_matrix": _is_list,
        "countdown": _is_sum,
        "n_queens": _is_list,
        "polynomial_multiplication": _is_product,
        "puzzle24": _is_sum,
        "simple_integration": _is_integral,
        "spiral_matrix": _is_list,
        "string_insertion": _is_list,
        "tower_of_hanoi": _has_pegs,
    }
)
"""Whether an answer may reach the scorer, where it evaluates the answer as Python, or prints it."""


def _near(answer: str, entry: Entry) -> bool:
    numerator, _, denominator = answer.replace(" ", "").partition("/")
    bottom = float(denominator or 1)
    expected = float(entry["answer"])
    return bool(bottom) and abs(float(numerator) / bottom - expected) <= 1e-3 * abs(expected)


def _same_number(answer: str, entry: Entry) -> bool:
    found = number_of(answer.strip("$"))
    return found is not None and found == number_of(str(entry["answer"]))


def _same_words(answer: str, entry: Entry) -> bool:
    return answer.casefold().split() == str(entry["answer"]).casefold().split()


def _same_claims(answer: str, entry: Entry) -> bool:
    return _claims(answer) == _claims(entry["answer"])


def _claims(text: str) -> list[str]:
    return sorted(
        " ".join(claim.split()) for claim in re.split(r",|\band\b", text.casefold().strip(" .")) if claim.strip()
    )


def _same_time(answer: str, entry: Entry) -> bool:
    return _unpadded(answer) == _unpadded(entry["answer"])


def _unpadded(text: str) -> str:
    return re.sub(r"\b0+(?=\d)", "", " ".join(text.casefold().split()))


def _same_numbers(answer: str, entry: Entry) -> bool:
    return [float(number) for number in json.loads(answer.replace("'", '"'))] == [
        float(number) for number in json.loads(entry["answer"].replace("'", '"'))
    ]


def _as_many(answer: str, entry: Entry) -> bool:
    return answer.count(",") == str(entry["answer"]).count(",")


def _uses_the_numbers(answer: str, entry: Entry) -> bool:
    return sorted(map(int, re.findall(r"\d+", answer))) == sorted(entry["metadata"]["numbers"])


STRICTER: Mapping[str, Callable[[str, Entry], bool]] = MappingProxyType(
    {
        "coin_flip": _near,
        "gsm_symbolic": _same_number,
        "knights_knaves": _same_claims,
        "letter_jumble": _same_words,
        "number_sorting": _same_numbers,
        "polynomial_equations": _as_many,
        "puzzle24": _uses_the_numbers,
        "spell_backward": _same_words,
        "time_intervals": _same_time,
    }
)
"""What must hold besides where the scorer pays 1, because it does so for wrong answers as well."""

EXAMPLES: Mapping[str, Callable[[Entry], str]] = MappingProxyType(
    {
        "graph_color": lambda entry: json.dumps(entry["metadata"]["possible_answer"]),
        "rubiks_cube": lambda entry: str(entry["metadata"]["example_correct_answer"]),
    }
)
"""Where a set that gives no answer has one in its metadata."""

UNSOLVED = ("boxnet", "rush_hour")
"""Sets that can be judged but have no expected answers."""


LEVELS: Mapping[str, int] = MappingProxyType(
    {"game_of_life": 3, "jugs": 2, "n_queens": 4, "polynomial_multiplication": 2, "rubiks_cube": 1, "zebra_puzzles": 5}
)
"""How many levels are offered, where a task of a higher one can take longer than 15 seconds to make."""


class _Ordered(set[str]):
    """A set of letters that is walked in the same order in every process."""

    def __iter__(self) -> Any:
        return iter(sorted(super().__iter__()))

    def __sub__(self, other: Any) -> _Ordered:
        return _Ordered(super().__sub__(other))


def _with_ordered_letters(dataset: Any) -> None:
    dataset.letters = _Ordered(dataset.letters)


def _with_ordered_monomials(dataset: Any) -> None:
    unordered = dataset._get_monomials  # noqa: SLF001 - the library has no other place for it
    dataset._get_monomials = lambda rng: sorted(unordered(rng), key=str)  # noqa: SLF001


ORDERED: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "isomorphic_strings": _with_ordered_letters,
        "polynomial_multiplication": _with_ordered_monomials,
        "ransom_note": _with_ordered_letters,
    }
)
"""How a set is kept from drawing by the order of a Python set, which differs between processes."""


def _seed_list_functions(seed: int) -> None:
    generators = import_module("reasoning_gym.induction.list_functions.generators")
    generators.random = Random(seed)  # type: ignore[attr-defined] # one of its functions draws from the module


SEEDED: Mapping[str, Callable[[int], None]] = MappingProxyType({"list_functions": _seed_list_functions})
"""What is seeded before each item of a set that does not seed all it draws from."""
