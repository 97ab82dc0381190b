from __future__ import annotations

import numpy as np
import pytest

from burnish.memory.embedding import HashEmbedder
from burnish.memory.form import FormEmbedder, Joint, JointEmbedder

TEXTS = (
    "Deadline: 4 May 1981",
    "Deadline: 12/Oct/1912",
    "They met on 3/Jan/2001 by chance.",
    "They met on 9 May 2001.",
)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_weighed_queries_give_likenesses_in_which_form_weighs_as_asked(share: float) -> None:
    meaning, form = HashEmbedder(), FormEmbedder()
    joint, made = Joint(meaning.dimensions, 0.3), JointEmbedder(meaning, form, share=0.3)
    vectors = made.embed(TEXTS)
    found = joint.weighed(vectors, share, np.ones(form.dimensions, dtype=np.float32)) @ vectors.T
    m, f = meaning.embed(TEXTS), form.embed(TEXTS)
    assert found == pytest.approx((1 - share) * m @ m.T + share * f @ f.T, abs=1e-5)


def test_what_is_rare_makes_texts_alike() -> None:
    meaning, form = HashEmbedder(), FormEmbedder()
    joint, made = Joint(meaning.dimensions, 0.5), JointEmbedder(meaning, form)
    vectors = made.embed(TEXTS)
    present = (form.embed(TEXTS) != 0).sum(axis=0)
    rare = (present == 2).astype(np.float32)
    alike = joint.weighed(vectors, 1.0, rare) @ vectors.T
    assert np.diag(alike) == pytest.approx(np.ones(4), abs=1e-5)
    flat = joint.weighed(vectors, 1.0, np.ones_like(rare)) @ vectors.T
    assert flat[1, 0] > flat[1, 2], "the beginning"
    only_slashes = (np.abs(form.embed(["1/A/1"])[0]) > 0) & (present == 2)
    slashes = joint.weighed(vectors, 1.0, only_slashes.astype(np.float32)) @ vectors.T
    assert slashes[1, 2] > slashes[1, 0], "how the date is written"
