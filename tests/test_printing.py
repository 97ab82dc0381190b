"""What others wrote is shown, and never obeyed."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from burnish.agent.cli.terminal import Screen
from burnish.printing import harmless, in_markdown, on_one_line

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\x08\r\x7f\u202eabc\u2066\U000e0041\u2028[bold red]x[/]"


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = harmless(text)
    assert len(shown) == len(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"} for c in shown)
    assert not {
        c
        for c in shown
        if unicodedata.bidirectional(c) in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"}
    }
    shown.encode()


@pytest.mark.parametrize("text", ["Grüße, 世界", "a\n\tb", "שלום", "é", "👩‍🚀"])
def test_what_is_harmless_stays(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("terminal", [True, False])
def test_the_screen_sends_no_control_of_others(terminal: bool) -> None:
    out = io.StringIO()
    screen = Screen(file=out, force_terminal=terminal, width=60, highlight=False)
    table = Table()
    table.add_column(HOSTILE)
    table.add_row(Text(HOSTILE))
    screen.print(HOSTILE, markup=False)
    screen.print(Text(HOSTILE, style="bold"))
    screen.print(table)
    printed = out.getvalue()
    for sent in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\x08", "\r", "\x7f", "\u202e", "\u2066", "\U000e0041"):
        assert sent not in printed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<script>x</script>", r"\<script\>x\</script\>"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("# no heading\n- no list", r"\# no heading - no list"),
        ("---", r"\---"),
        ("1. no list", r"\1. no list"),
        ("`code` *it* _it_ ~no~ &amp;", r"\`code\` \*it\* \_it\_ \~no\~ \&amp;"),
        ("a\\", "a\\\\"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert in_markdown(text) == shown


def test_one_line_is_one_line() -> None:
    assert on_one_line("a\r\nb\u2028c\x85d\te") == "a b c d e"
