"""Loading a model: only from a folder, and what is missing is told."""

import sys
from pathlib import Path

import numpy
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from aggregator.config import load_settings
from aggregator.embedding import load_embedder
from aggregator.errors import ConfigurationError


def test_a_name_that_is_no_folder_is_refused_and_looked_for_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no folder"):
        load_embedder(tmp_path / "some" / "model")


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(ConfigurationError, match="pip install"):
        load_embedder(tmp_path)


def test_the_folder_is_relative_to_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text("semantic_model: models/small\n", encoding="utf-8")
    assert load_settings(file, {}).semantic_model == tmp_path / "models" / "small"


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no model2vec model"):
        load_embedder(tmp_path)


def test_a_saved_model_gives_vectors_of_its_own_length(tmp_path: Path) -> None:
    words = WordLevel({"[UNK]": 0, "bear": 1, "медведь": 2}, unk_token="[UNK]")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = Whitespace()
    vectors = numpy.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]], dtype="float32")
    StaticModel(vectors, tokenizer).save_pretrained(tmp_path / "model")
    embedder = load_embedder(tmp_path / "model")
    assert list(embedder.embed("bear")) == list(embedder.embed("медведь")) == [1.0, 0.0]
