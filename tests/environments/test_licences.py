import pytest

from burnish.environments.adapters.licences import licence_of
from burnish.environments.licences import flaw_of


@pytest.mark.parametrize(
    "licence",
    ["CC0-1.0", "apache-2.0", "(MIT OR Zlib) AND BSD-3-Clause", "GPL-2.0-only WITH Classpath-exception-2.0"],
)
def test_an_spdx_expression_names_a_licence(licence: str) -> None:
    assert flaw_of(licence) == ""
    assert licence_of("x", None, {"license": licence}) == licence


@pytest.mark.parametrize("licence", ["LicenseRef-Own", "NOASSERTION"])
def test_a_licence_may_be_ones_own_or_unknown(licence: str) -> None:
    assert flaw_of(licence) == ""


@pytest.mark.parametrize("licence", ["", " ", "GPL", "Foo", "my own licence", "MIT,", "MIT OR", "(MIT", "MIT WITH MIT"])
def test_what_is_no_spdx_expression_names_none(licence: str) -> None:
    assert flaw_of(licence) == "no SPDX expression such as Apache-2.0 or LicenseRef-Own"
    assert licence_of("x", None, licence) == "NOASSERTION"


@pytest.mark.parametrize("licence", ["unknown", "None", "other", "TODO"])
def test_a_word_for_no_licence_is_told_what_to_say(licence: str) -> None:
    assert "LicenseRef-Own for those nobody else may use, or NOASSERTION" in flaw_of(licence)
