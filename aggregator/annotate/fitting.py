"""Pure: judged examples → weights of a logistic regression, and what cross-validation expects of them.

Fitting needs scipy, which the extra `train` brings; scoring needs nothing.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from aggregator.errors import AggregatorError

#: Pull of each weight towards where it starts, in units of examples; of 0.5, 1, 2 and 4 this scored best on the judged items.
RIDGE = 1.0
FOLDS = 5
#: A feature that fewer examples have tells of them, and not of others.
LEAST = 4


class FittingError(AggregatorError):
    """What fitting needs is not installed; the message says how to install it."""


class Example(NamedTuple):
    """What was seen in an item, by feature, and whether readers found it relevant."""

    id: str
    values: Mapping[str, float]
    relevant: bool


class Fitted(NamedTuple):
    """A logistic regression: the log-odds of an item are the bias and the sum of weight times value."""

    bias: float
    weights: Mapping[str, float]

    def score(self, values: Mapping[str, float]) -> float:
        """Probability of relevance, 0..1."""
        weights = self.weights
        return _sigmoid(self.bias + sum(weights[name] * value for name, value in values.items() if name in weights))


#: Where weights start when nothing is known.
NOTHING_KNOWN = Fitted(0.0, {})


def fit(
    examples: Sequence[Example],
    *,
    ridge: float = RIDGE,
    counts: Sequence[float] | None = None,
    least: int = 1,
    known: Fitted = NOTHING_KNOWN,
) -> Fitted:
    """Logistic regression with a ridge that pulls towards what is known already; an unknown bias is not pulled.

    `counts`: how often each example counts, once if not given. Features that fewer than `least` examples have are left
    out, unless they are known.

    Raises:
        FittingError: scipy is not installed.
    """
    had = Counter(name for example in examples for name in example.values)
    names = sorted({name for name, number in had.items() if number >= least} | known.weights.keys())
    try:
        return _fitted(examples, names, ridge, counts or [1.0] * len(examples), known)
    except ImportError as error:
        raise FittingError("fitting needs scipy: pip install scipy") from error


def _fitted(
    examples: Sequence[Example], names: Sequence[str], ridge: float, counts: Sequence[float], known: Fitted
) -> Fitted:
    import numpy as np
    from scipy.optimize import minimize
    from scipy.sparse import csr_array

    place = {name: number for number, name in enumerate(names)}
    cells = [(n, place[f], v) for n, e in enumerate(examples) for f, v in e.values.items() if f in place]
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    seen = csr_array((values, (rows, columns)), shape=(len(examples), len(names)))
    sign = np.array([1.0 if example.relevant else -1.0 for example in examples])
    count = np.array(counts)
    start = np.array([*(known.weights.get(name, 0.0) for name in names), known.bias])
    pull = np.array([ridge] * len(names) + [ridge if known.weights else 0.0])

    def loss(weights: Any) -> tuple[float, Any]:
        """The loss to be made small, and its slope."""
        margin = sign * (seen @ weights[:-1] + weights[-1])
        moved = weights - start
        steep = -sign * count / (1 + np.exp(np.clip(margin, -30, 30)))
        total = count @ np.logaddexp(0, -margin) + pull @ moved**2 / 2
        return total, np.append(seen.T @ steep, steep.sum()) + pull * moved

    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2_000, "ftol": 1e-10}).x
    return Fitted(float(best[-1]), dict(zip(names, map(float, best[:-1]), strict=True)))


def cross_validated(
    scored: Collection[Example],
    beside: Sequence[Example] = (),
    *,
    split: int = 0,
    least: int = LEAST,
    known: Fitted = NOTHING_KNOWN,
) -> dict[str, float]:
    """Score of each example by weights fitted on the other folds and on what stands `beside`.

    Folds go by a hash of the id; each `split` is another way to cut them. `least` and `known` as in `fit`.
    """
    fold_of = {e.id: hashlib.sha256(f"{split} {e.id}".encode()).digest()[0] % FOLDS for e in scored}
    scores: dict[str, float] = {}
    for fold in range(FOLDS):
        others = [example for example in scored if fold_of[example.id] != fold]
        fitted = fit([*others, *beside], least=least, known=known)
        scores |= {e.id: fitted.score(e.values) for e in scored if fold_of[e.id] == fold}
    return scores


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
