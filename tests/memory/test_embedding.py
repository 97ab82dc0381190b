from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import ConfigError
from burnish.memory.embedding import Embedder, HashEmbedder, MiniLMEmbedder, open_embedder

ODD = ["", " ", "\0", "a\0b", "lone \ud800 surrogate", "é漢🙂", "word " * 200_000]
blocked: list[bool] = []


def _no_network(event: str, args: object) -> None:
    if blocked and event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        raise OSError(f"the network is cut, but something called {event}")


@contextmanager
def no_network() -> Iterator[None]:
    """Cut the network, as no audit hook can be removed: it stays and sleeps."""
    sys.addaudithook(_no_network)
    blocked.append(True)
    yield
    blocked.clear()


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    embedder = open_embedder("minilm")
    with no_network():
        embedder.embed(["load"])
    return embedder


@pytest.fixture(params=["hash", "minilm"])
def embedder(request: pytest.FixtureRequest, minilm: Embedder) -> Embedder:
    return HashEmbedder(64) if request.param == "hash" else minilm


def test_every_string_becomes_a_unit_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(ODD)
    assert vectors.shape == (len(ODD), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_likeness_is_nearness(embedder: Embedder) -> None:
    cat, kitten, bonds = embedder.embed(
        ["The cat sat on the mat.", "A cat was sitting on the mats.", "Government bonds fell in March."]
    )
    assert cat @ kitten > cat @ bonds + 0.2


def test_the_same_text_gives_the_same_vector(embedder: Embedder) -> None:
    first, again = embedder.embed(["one text"]), embedder.embed(["another, longer than it", "one text"])[1:]
    assert first == pytest.approx(again, abs=1e-5)


def test_minilm_says_its_dimensions_without_loading(minilm: Embedder) -> None:
    fresh = MiniLMEmbedder()
    assert (fresh.name, fresh.dimensions) == ("minilm 2", 384)
    assert "_model" not in vars(fresh)


def test_a_folder_is_named_with_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]", encoding="utf-8")
    before = open_embedder(str(tmp_path)).name
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    after = open_embedder(str(tmp_path)).name
    assert before.startswith(f"{tmp_path}@")
    assert before != after


def test_a_folder_without_pooling_file_is_asked_by_loading_it(minilm: Embedder, tmp_path: Path) -> None:
    assert isinstance(minilm, MiniLMEmbedder)
    for path in minilm.folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "2_Dense").mkdir()
    assert open_embedder(str(tmp_path)).dimensions == 384


@pytest.mark.parametrize("name", ["", "mini-lm", "/no/such/folder"])
def test_an_unknown_embedder_is_refused_naming_the_right_ones(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match='"minilm", "hash" or the folder'):
        open_embedder(name)


@given(texts=st.lists(st.text(st.characters(), max_size=30), max_size=20))
def test_hashing_does_not_depend_on_the_batch(texts: list[str]) -> None:
    embedder = HashEmbedder(16)
    alone = [embedder.embed([text])[0] for text in texts]
    assert np.array_equal(embedder.embed(texts), np.array(alone, dtype=np.float32).reshape(-1, 16))


def test_hashing_is_the_same_on_every_machine() -> None:
    vectors = HashEmbedder(32).embed(["Burnish", "polishes"]).astype("<f4")
    assert zlib.crc32((vectors * 1000).round().astype("<i4").tobytes()) == 3925045890


def test_hashing_takes_many_texts_in_chunks() -> None:
    texts = [f"text {i % 10}" for i in range(9000)] + ["x" * 600_000] * 3
    vectors = HashEmbedder(32).embed(texts)
    assert len(np.unique(vectors, axis=0)) == 11
    assert np.array_equal(vectors[0], vectors[8990])
