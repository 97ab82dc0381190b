import subprocess
import sys
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strength import FULL

from burnish.environments.built_in.algebra import (
    LONGEST_EQUATION,
    Node,
    NotAnEquation,
    complexity,
    read_equation,
    value_of,
)
from burnish.environments.built_in.equations import (
    LAST_LINE,
    LONGEST_ANSWER,
    MOST_LINES,
    ONLY_EQUATIONS,
    SAME_SOLUTION,
    TOO_LONG,
    Equations,
)
from burnish.environments.built_in.posing import POSERS
from burnish.environments.built_in.solutions import solutions, worked, written
from burnish.types import Feedback, Status, Task

TASK = Task(
    "equations",
    "Solve for x: x/(3x - 7) = 2/5",
    {"equation": "x/(3x - 7) = 2/5", "solution": "14", "level": "rational"},
    cell="rational",
)
GOLD = "5x = 2(3x - 7)\n5x = 6x - 14\n-x = -14\nx = 14"


def drawn(level: str = "", count: int = 100 if FULL else 30) -> list[Task]:
    return list(islice(Equations(level=level).tasks("train", 9), count))


def judged(answer: str) -> Feedback:
    return Equations().score(TASK, answer)


def value(node: Node, x: Fraction) -> Fraction:
    """What a side comes to at x, by nothing but fractions."""
    if node.op == "number":
        return node.value
    if node.op == "x":
        return x
    a, b = (value(part, x) for part in (node.parts[0], node.parts[-1]))
    if node.op == "neg":
        return -a
    if node.op == "^":
        return a ** int(b)
    return a / b if node.op == "/" else {"+": a + b, "-": a - b, "*": a * b}[node.op]


def test_the_worked_answer_of_the_example() -> None:
    assert Equations().solve(TASK) == GOLD
    assert judged(GOLD) == Feedback(1.0, verified=True, parts={"solved": 1.0, "sound": 1.0}, steps=(1, 1, 1, 1))


@pytest.mark.parametrize("level", POSERS)
def test_every_task_is_solved_by_its_worked_answer_all_of_it_progress(level: str) -> None:
    for task in drawn(level):
        answer = Equations().solve(task)
        feedback = Equations().score(task, answer)
        assert feedback.verified
        assert set(feedback.steps) == {1}
        assert feedback.steps == tuple(step.label for step in Equations().label_steps(task, answer))
        assert Equations().parse(task.prompt) == task
        assert task.data["level"] == task.cell == level


@pytest.mark.parametrize("level", POSERS)
def test_the_solution_makes_both_sides_equal(level: str) -> None:
    for task in drawn(level):
        equation = read_equation(str(task.data["equation"]))
        x = Fraction(str(task.data["solution"]))
        assert value(equation.left, x) == value(equation.right, x)
        beside = x + Fraction(1, 997)
        assert value(equation.left, beside) != value(equation.right, beside)


@pytest.mark.thorough
def test_a_corrupted_step_is_found_where_it_is() -> None:
    for task in drawn(count=150):
        lines = Equations().solve(task).split("\n")
        for i, line in enumerate(lines):
            corrupted = [*lines[:i], f"{line} + 1", *lines[i + 1 :]]
            steps = Equations().label_steps(task, "\n".join(corrupted))
            assert [step.label for step in steps] == [1] * i + [-1]
            feedback = Equations().score(task, "\n".join(corrupted))
            assert not feedback.verified
            assert feedback.reward <= 0.5
            assert SAME_SOLUTION in feedback.text


@pytest.mark.parametrize(
    ("answer", "labels", "reward", "verified"),
    [
        ("x = 14", (1,), 1.0, True),
        ("x/(3x - 7) = 2/5\nx = 14", (0, 1), 1.0, True),
        ("\n 5x=6x-14 \n\n\n-x = -14\n x = 14\n", (1, 1, 1), 1.0, True),
        ("5x = 6x - 14\n5x + 1 = 6x - 13\nx = 14", (1, 0, 1), 1.0, True),
        ("5x = 2(3x - 7)\n5x = 6x - 7\nx = 14", (1, -1), 0.5, False),
        ("5x = 2(3x - 7)\n5x = 6x - 14", (1, 1), 0.25, False),
        ("5x = 6x - 14\n14 = x", (1, 1), 0.25, False),
        ("5x = 6x - 14\nx = 28/2", (1, 1), 0.25, False),
        ("5x = 6x - 14\nso x = 14", (1, -1), 0.125, False),
        ("Multiply:\nx = 14", (-1,), 0.5, False),
        ("x = 15", (-1,), 0.0, False),
        ("x/(3x - 7) = 2/5", (0,), 0.0, False),
        ("x*x = 14x", (-1,), 0.0, False),
        ("x = x", (-1,), 0.0, False),
        ("x/(x - x) = 2/5", (-1,), 0.0, False),
    ],
)
def test_verdicts(answer: str, labels: tuple[int, ...], reward: float, verified: bool) -> None:
    feedback = judged(answer)
    assert (feedback.steps, feedback.reward, feedback.verified) == (labels, reward, verified)
    assert feedback.status is Status.OK
    assert bool(feedback.text) is not verified


def test_what_is_wrong_is_said_by_rule() -> None:
    assert judged("x = 15").text.split("\n") == [SAME_SOLUTION, LAST_LINE]
    assert judged("x is 14").text.split("\n") == [ONLY_EQUATIONS, LAST_LINE]
    assert judged("5x = 6x - 14").text == LAST_LINE
    assert judged("x = 14\n" * (MOST_LINES + 1)).text.split("\n") == [TOO_LONG, LAST_LINE]


@pytest.mark.parametrize("answer", ["", "14", "x", "x equals 14", "=", "x == 14", "x = 14" * LONGEST_ANSWER])
def test_without_any_equation_the_answer_is_unparsable(answer: str) -> None:
    assert (judged(answer).reward, judged(answer).status) == (0.0, Status.UNPARSABLE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "x =", "= 3", "x = 1 = 1", "1/2x = 3", "x2 = 4", "1 2 = x", "x^4 = 1", "x = --1", "x < 3", "y = 3"),
        *("x = 1e3", "x = ١٢", "x = 3;", "__import__('os') = x", "x = 1234567890", "x**2 = 4", "((x)) = (1", "x = 1,5"),
        *(
            "(((((((((x))))))))) = 1",
            "xxxxxxx = 1",
            "x^3x^3x = 1",
            "1/x/x/x/x/x/x/x = 1",
            "x = " + "1" * 200,
            "x\x00 = 1",
        ),
    ],
)
def test_what_the_grammar_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(NotAnEquation):
        read_equation(text)
    assert Equations().parse(text) is None


@given(st.text("x0123456789+-*/^()=. ", max_size=LONGEST_EQUATION))
def test_what_is_read_keeps_its_meaning_when_it_is_written(text: str) -> None:
    try:
        equation = read_equation(text)
    except NotAnEquation:
        return
    again = read_equation(equation.text)
    assert again == equation
    assert complexity(again) == complexity(equation)


@given(st.lists(st.text("x0123456789+-*/^()=. \n"), max_size=5))
def test_no_answer_makes_judging_fail(lines: list[str]) -> None:
    feedback = judged("\n".join(lines))
    assert feedback.status.judged
    assert feedback.reward in {0.0, 0.5} or not feedback.verified


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2x = 6", "x = 3", True),
        ("2x = 6", "x = 2", False),
        ("x^2 = 3x", "x = 3", False),
        ("x^2/x = 3", "x = 3", True),
        ("(x - 3)(x - 3) = 0", "x = 3", True),
        ("x = x", "0 = 0", True),
        ("x/x = 1", "0 = 0", False),
        ("1/x = 0", "1 = 2", True),
        ("x^2 = -1", "1 = 2", False),
        ("2/(1/x) = 0", "2x = 0", False),
    ],
)
def test_equations_are_the_same_when_their_solutions_are(one: str, other: str, same: bool) -> None:
    assert (solutions(read_equation(one)) == solutions(read_equation(other))) is same


@pytest.mark.parametrize("text", ["x = x", "1 = 2", "x^2 = 4", "x^2 = 2", "x = 4", "x = 3/2", "x = 99999", "1/0 = x"])
def test_what_is_solved_or_has_no_single_short_solution_is_no_task(text: str) -> None:
    assert Equations().parse(text) is None


@pytest.mark.parametrize("text", ["x = x", "x^2 = 4"])
def test_only_one_solution_can_be_worked_out(text: str) -> None:
    with pytest.raises(NotAnEquation, match="exactly one"):
        worked(read_equation(text))


def test_equations_of_others_become_tasks_in_one_spelling() -> None:
    task = Equations().parse(" 4*x+( x-1 )/2=  8 ")
    assert task
    assert task.prompt == "Solve for x: 4*x + (x - 1)/2 = 8"
    assert task.data["solution"] == "17/9"
    assert Equations().score(task, Equations().solve(task)).verified


@pytest.mark.parametrize(
    ("text", "number"),
    [("x = 3", 3), ("x = -3/2", Fraction(-3, 2)), ("x = 0.5", Fraction(1, 2)), ("x = 6/4", None), ("x = 4/1", None)],
)
def test_the_last_line_holds_a_number_in_lowest_terms(text: str, number: Fraction | None) -> None:
    assert value_of(read_equation(text)) == number


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=4))
def test_polynomials_are_written_as_they_are_read(coefficients: list[int]) -> None:
    polynomial = [Fraction(c) for c in coefficients]
    side = read_equation(f"{written(polynomial)} = 0").left
    for x in range(-2, 3):
        wanted = sum(c * x**i for i, c in enumerate(reversed(coefficients)))
        assert value(side, Fraction(x)) == wanted


def test_a_varied_task_is_another_of_its_level() -> None:
    for task in drawn(count=60):
        varied = Equations().vary(task, 1)
        assert varied.cell == task.cell
        assert varied.id != task.id
        assert varied == Equations().vary(task, 1)
        assert Equations().parse(varied.prompt) == varied
        assert Equations().score(varied, Equations().solve(varied)).verified


def test_posing_does_not_load_sympy() -> None:
    posing = "from burnish.environments.built_in.equations import Equations; next(Equations().tasks('train', 0))"
    script = f"import sys; {posing}; print('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_line_of_feedback_holds_a_number_that_might_be_an_answer() -> None:
    assert not any(any(sign in "23456789" for sign in line) for line in (ONLY_EQUATIONS, SAME_SOLUTION, LAST_LINE))
