"""The one home of model2vec: a static embedding model from a folder of the operator's, without any download."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from aggregator.annotate.semantic import Embedder
from aggregator.errors import ConfigurationError


class _StaticModel:
    """A model2vec model as an `Embedder`."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def embed(self, text: str) -> Sequence[float]:
        vector: list[float] = self._model.encode(text).tolist()
        return vector


@lru_cache(maxsize=1)
def load_embedder(folder: Path) -> Embedder:
    """Load the model of a folder; it is kept.

    Raises:
        ConfigurationError: the `semantic` extra is not installed, or the folder holds no model.
    """
    # A name that is no folder would be looked for on a model hub.
    if not folder.is_dir():
        raise ConfigurationError(f"semantic_model: there is no folder {folder}")
    try:
        from model2vec import StaticModel
    except ImportError as error:
        raise ConfigurationError("semantic_model needs the extra: pip install 'aggregator[semantic]'") from error
    try:
        return _StaticModel(StaticModel.from_pretrained(folder, force_download=False))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"semantic_model: {folder} holds no model2vec model: {error}") from error
