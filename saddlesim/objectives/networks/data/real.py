"""Real data sets, through scikit-learn (extra `learn`), which brings them along: nothing is downloaded."""

from __future__ import annotations

import importlib.util
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from saddlesim.objectives.networks.data.base import Array, DataSet, Labels, Samples, unit_variance
from saddlesim.parameters import NonNegativeInteger, Size, declared


class RealData(DataSet):
    """Base of data sets that scikit-learn has: a stratified part, and columns of mean 0 and variance 1 where asked for.

    A constant column becomes 0.
    """

    n_chosen: int | None
    standardised: bool
    seed: int

    def __post_init__(self) -> None:
        if importlib.util.find_spec("sklearn") is None:
            raise ValueError(
                f"{self} needs scikit-learn, which is not installed; install with: pip install 'saddlesim[learn]'"
            )
        _ = self.checked

    @abstractmethod
    def loaded(self) -> tuple[Array, Labels]:
        """Give all rows and their classes."""

    def samples(self) -> Samples:
        inputs, labels = self.loaded()
        chosen = self.chosen(labels)
        inputs, labels = inputs[chosen], labels[chosen]
        return Samples(
            unit_variance(inputs) if self.standardised else inputs, labels=labels, n_classes=int(labels.max()) + 1
        )

    def chosen(self, labels: Labels) -> Labels:
        """Give the numbers of `n_chosen` rows, ascending, drawn so that each class has its share but for rounding."""
        if self.n_chosen is None:
            return np.arange(len(labels))
        counts = np.bincount(labels)
        if not len(counts) <= self.n_chosen <= len(labels):
            raise ValueError(
                f"n_samples={self.n_chosen}: there are {len(labels)} samples of {len(counts)} classes; choose"
                f" {len(counts)} to {len(labels)}"
            )
        rng = np.random.default_rng(self.seed)
        exact = counts * (self.n_chosen / len(labels))
        shares = exact.astype(np.intp)
        shares[np.argsort(shares - exact, kind="stable")[: self.n_chosen - shares.sum()]] += 1  # largest remainders
        parts = [rng.permutation(np.flatnonzero(labels == k))[:share] for k, share in enumerate(shares)]
        return np.sort(np.concatenate(parts))


def _bunch(name: str) -> Any:
    from sklearn import datasets

    return getattr(datasets, name)()


@declared
class Digits(RealData):
    """Handwritten digits, 1797 of 8 x 8 pixels from 0 to 1, down-sampled to `size` x `size` by averaging blocks.

    Parameters
    ----------
    size : 8, 4, 2 or 1
        Pixels a side. At 8 some are 0 in every digit, whose weights no gradient moves.
    classes : tuple of int, optional
        Which digits, in this order; by default all ten.
    n_samples : int, optional
        A stratified part; by default all.
    standardised : bool
        Whether each pixel gets mean 0 and variance 1; one that never changes becomes 0.
    seed : int
        Of the choice.
    """

    size: Literal[8, 4, 2, 1] = 8
    classes: Annotated[tuple[NonNegativeInteger, ...], Field(min_length=2)] | None = None
    n_chosen: Annotated[Size | None, Field(alias="n_samples")] = None
    standardised: bool = False
    seed: NonNegativeInteger = 0

    source: ClassVar[str] = (
        "Alpaydin, Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), test set, from scikit-learn"
    )

    def loaded(self) -> tuple[Array, Labels]:
        bunch, block = _bunch("load_digits"), 8 // self.size
        pixels = (
            bunch.images.reshape(-1, self.size, block, self.size, block).mean(axis=(2, 4)).reshape(-1, self.size**2)
            / 16
        )
        if self.classes is None:
            return pixels, bunch.target
        if len(set(self.classes)) < len(self.classes) or max(self.classes) > 9:
            raise ValueError(f"classes={self.classes}: must be different digits, 0 to 9")
        place = np.full(10, -1)
        place[list(self.classes)] = np.arange(len(self.classes))
        kept = place[bunch.target] >= 0
        return pixels[kept], place[bunch.target[kept]]


class _Table(RealData):
    """A table of scikit-learn's as it is."""

    loader: ClassVar[str]  # of sklearn.datasets

    def loaded(self) -> tuple[Array, Labels]:
        bunch = _bunch(self.loader)
        return np.asarray(bunch.data), np.asarray(bunch.target)


@declared
class Iris(_Table):
    """Fisher's irises: 150 flowers of three species, four lengths in cm."""

    n_chosen: Annotated[Size | None, Field(alias="n_samples")] = None
    standardised: bool = True
    seed: NonNegativeInteger = 0

    loader: ClassVar[str] = "load_iris"
    source: ClassVar[str] = "Fisher, The use of multiple measurements in taxonomic problems (1936), from scikit-learn"


@declared
class Wine(_Table):
    """Wines of three cultivars: 178 bottles, 13 measurements."""

    n_chosen: Annotated[Size | None, Field(alias="n_samples")] = None
    standardised: bool = True
    seed: NonNegativeInteger = 0

    loader: ClassVar[str] = "load_wine"
    source: ClassVar[str] = "Aeberhard, Forina, Wine, UCI (1991), from scikit-learn"


@declared
class BreastCancer(_Table):
    """Tumours, malignant (0) or benign (1): 569 of them, 30 measurements."""

    n_chosen: Annotated[Size | None, Field(alias="n_samples")] = None
    standardised: bool = True
    seed: NonNegativeInteger = 0

    loader: ClassVar[str] = "load_breast_cancer"
    source: ClassVar[str] = (
        "Wolberg, Mangasarian, Street, Street, Breast Cancer Wisconsin (Diagnostic), UCI (1995), from scikit-learn"
    )
