"""Linear autoencoders: what two linear layers can tell of data through a narrow middle is its principal components."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from saddlesim.objectives.base import Array, CriticalPoint
from saddlesim.objectives.critical_subsets import (
    CriticalSubset,
    Subset,
    balanced_spectrum,
    checked_subset,
    critical_subset,
    critical_subsets,
    manifold_points,
)
from saddlesim.objectives.networks.data import DataField
from saddlesim.objectives.networks.data.drawn import NormalInputs
from saddlesim.objectives.networks.layered import Layer, LayeredNetwork, Weights
from saddlesim.parameters import Size, declared
from saddlesim.spectrum import zero_threshold


@declared
class LinearAutoencoder(LayeredNetwork):
    """A linear autoencoder: minima are principal component analysis, and every other choice of components is a strict saddle.

    ``f(x) = 1/(2 S) sum_s |z_s - W_2 W_1 z_s|^2``, z the data less their mean. At a critical point W_2 W_1 is the projection on a
    subset I of principal components, as many as `hidden` or fewer; f is half the sum of the other variances, the eigenvalues of
    the covariance. In W_1 C^(1/2), C the covariance, f is the two-layer network fitted to C^(1/2), whose singular values are the
    standard deviations; so the index is its index, by Sylvester's law, while the eigenvalues differ.

    Parameters
    ----------
    data : data set
        Of which only the inputs are used.
    hidden : int
        Units in the middle.
    """

    data: DataField = Field(default_factory=NormalInputs)
    hidden: Size = 2

    formula: ClassVar[str] = "1/(2 S) sum_s |z_s - W_2 W_1 z_s|^2, z the data less their mean"
    source: ClassVar[str] = (
        "Baldi, Hornik, Neural Networks and Principal Component Analysis: Learning from Examples Without Local Minima (1989)"
    )
    dimension_rule: ClassVar[str] = "2 n hidden, n being the number of inputs"
    critical_set: ClassVar[str] = (
        "A manifold for each set of at most `hidden` principal components, W_2 W_1 being the projection on these; "
        "`representatives` has a point of each. Those of largest variance are the minima, all others strict saddles."
    )
    symmetries: ClassVar[tuple[str, ...]] = ("rotation", "scaling", "permutation", "sign")
    loss: ClassVar[str] = "squared_error"  # type: ignore[misc]
    weight_decay: ClassVar[float] = 0.0  # type: ignore[misc]

    def __post_init__(self) -> None:
        self.check_size()

    @cached_property
    def inputs(self) -> Array:
        return np.asarray(self.data.inputs - self.data.inputs.mean(axis=0))

    @property
    def targets(self) -> Array:
        return self.inputs

    @cached_property
    def modules(self) -> Sequence[Layer]:
        n = self.inputs.shape[1]
        return (Layer(n, self.hidden), Layer(self.hidden, n))

    @cached_property
    def principal_components(self) -> tuple[Array, Array]:
        """The positive variances, descending, (r,), those equal but for rounding being one number, and unit vectors, (n, r)."""
        variances, vectors = np.linalg.eigh(self.inputs.T @ self.inputs / len(self.inputs))
        zero = zero_threshold(variances)
        positive = variances > zero
        variances, vectors = variances[positive][::-1], vectors[:, positive][:, ::-1]
        for k in range(1, len(variances)):  # one that is larger by rounding would be a negative eigenvalue
            if variances[k - 1] - variances[k] <= zero:
                variances[k] = variances[k - 1]
        return variances, vectors

    def critical_point(self, subset: Sequence[int]) -> Array:
        """Give the critical point with W_1 = V', W_2 = V, V the components of these numbers, 0 of the largest variance, (d,).

        Raises
        ------
        ValueError
            If a member is repeated or out of range, or they are more than `hidden`.
        """
        _, vectors = self.principal_components
        kept = list(self._checked(subset))
        decoder = np.zeros((len(vectors), self.hidden))
        decoder[:, : len(kept)] = vectors[:, kept]
        return self.joined([Weights(decoder.T, None), Weights(decoder, None)])

    def critical_subset(self, subset: Sequence[int]) -> CriticalSubset:
        """Give loss and index of the critical manifold that keeps these components; errors as in `critical_point`."""
        return critical_subset(self._deviations, self._checked(subset), (self.hidden,))

    def critical_subsets(self) -> tuple[CriticalSubset, ...]:
        """Give every critical manifold, those that keep fewest components first."""
        return critical_subsets(self._deviations, (self.hidden,))

    @cached_property
    def representatives(self) -> Sequence[CriticalPoint]:
        """The `critical_point` of each manifold, named by its subset."""
        return manifold_points(self._deviations, (self.hidden,), self.critical_point, self._nullity)

    @cached_property
    def _deviations(self) -> list[float]:
        """The singular values of C^(1/2), C the covariance."""
        return [float(each) for each in np.sqrt(self.principal_components[0])]

    def _checked(self, subset: Sequence[int]) -> Subset:
        return checked_subset(subset, len(self._deviations), self.hidden)

    def _nullity(self, subset: Subset) -> int:
        n, r = len(self.principal_components[1]), len(self._deviations)
        spectrum = balanced_spectrum(self._deviations, subset, (self.hidden,), (n, r))
        return int((spectrum == 0).sum()) + self.hidden * (n - r)  # what W_1 does where data have no variance

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        return (cls(), cls(data=NormalInputs(variances=(3.0, 1.0, 0.0), seed=3), hidden=1))
