"""What an ensemble of random matrices is: the protocol, and the base of the library's own.

Not here: the ensembles (each family has its file), how signs are counted, exact laws and rare events.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.parameters import Count, call_text, with_fields
from saddlesim.spectrum import zero_threshold

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

LARGEST_MATRIX = 100_000  # rows; a tridiagonal sample of it takes a few megabytes
LARGEST_PART = 1_000_000  # numbers drawn at once: eight megabytes, whatever is asked for

MatrixSize = Annotated[Count, Field(le=LARGEST_MATRIX, description="rows; an experiment's dimensions replace it")]

METHODS = ("of_size", "sample", "sample_spectrum", "sample_inertia")


DRAWING = ("sample", "sample_spectrum", "sample_inertia")

ExactLaw = tuple[str, Mapping[str, Any]]  # its name in `EXACT_LAWS`, and its parameters but n


class Known(NamedTuple):
    """Which of the two an ensemble can tell exactly."""

    index_distribution: bool
    log_probability_positive: bool


class Inertias(NamedTuple):
    """How many eigenvalues of each sample are negative, and how many zero: two arrays, (B,)."""

    negative: Counts
    zero: Counts


@runtime_checkable
class Ensemble(Protocol):
    """A law of random symmetric matrices; an object with these members serves."""

    @property
    def n(self) -> int:
        """The number of rows."""

    def of_size(self, n: int) -> Ensemble:
        """Give the same law for n rows."""

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[Any]:
        """Draw matrices, (B, n, n)."""

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw eigenvalues, ascending, (B, n)."""

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        """Draw inertias."""


class LibraryEnsemble(ABC):
    """Base of the library's ensembles: frozen parameters; what is drawn depends on the rng alone.

    An ensemble gives `sample`, and where a spectrum or an inertia is to be had at less cost, that, too. All three are the same
    law, but not the same draws. `index_distribution` and `spectral_density` say what is known of it.

    Attributes
    ----------
    source : str
        Where it comes from.
    """

    source: ClassVar[str]
    n: Any

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Have every draw of a subclass refuse what is no number of samples, and what is no source of randomness."""
        super().__init_subclass__(**keywords)
        for name in DRAWING:
            if name in vars(cls):
                setattr(cls, name, _checked(vars(cls)[name]))

    @abstractmethod
    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[Any]:
        """Draw matrices, (B, n, n); complex where the ensemble is Hermitian.

        Raises
        ------
        ValueError, TypeError
            Here and wherever samples are drawn: if n_samples is not whole or is negative, or rng is no Generator.
        """

    def sample_spectrum(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw eigenvalues, ascending, (B, n)."""
        check_draw(n_samples, rng)
        parts = [np.linalg.eigvalsh(self.sample(b, rng)) for b in parts_of(n_samples, self.n * self.n)]
        return np.concatenate(parts) if parts else np.empty((0, self.n))

    def sample_inertia(self, n_samples: int, rng: np.random.Generator) -> Inertias:
        """Draw inertias. What zero means, `spectrum` decides."""
        spectra = self.sample_spectrum(n_samples, rng)
        threshold = zero_threshold(spectra)[..., None]
        return Inertias((spectra < -threshold).sum(axis=-1), (np.abs(spectra) <= threshold).sum(axis=-1))

    def sample_index(self, n_samples: int, rng: np.random.Generator) -> Counts:
        """Draw indices, (B,)."""
        return self.sample_inertia(n_samples, rng).negative

    def of_size(self, n: int) -> Self:
        """Give the same law for n rows.

        Raises
        ------
        ValueError
            If there is none.
        """
        made: Self = with_fields(self, {("n",): n})
        return made

    @property
    def exact_law(self) -> ExactLaw | None:
        """The law of the index that is computed with certified digits; None where there is none."""
        return None

    @property
    def knows(self) -> Known:
        """What of the next two is not None, told without computing it."""
        reached = self._exact_law_is_reached
        return Known(
            reached or type(self).index_distribution is not LibraryEnsemble.index_distribution,
            reached or type(self).log_probability_positive is not LibraryEnsemble.log_probability_positive,
        )

    def index_distribution(self) -> Array | None:
        """Give the exact probability of each index, (n + 1,); None where it is not known."""
        from saddlesim.random_matrices.exact import index_distribution

        if self.exact_law is None or not self._exact_law_is_reached:
            return None
        name, parameters = self.exact_law
        return np.asarray(index_distribution(name, self.n, **parameters))

    def log_probability_positive(self) -> float | None:
        """Give the logarithm of the exact probability that all eigenvalues are positive; None where it is not known."""
        from saddlesim.random_matrices.exact import log_probability_positive

        if self.exact_law is None or not self._exact_law_is_reached:
            return None
        name, parameters = self.exact_law
        return float(log_probability_positive(name, self.n, **parameters))

    @property
    def _exact_law_is_reached(self) -> bool:
        from saddlesim.random_matrices.exact import within_reach

        if self.exact_law is None:
            return False
        name, parameters = self.exact_law
        return within_reach(name, self.n, **parameters)

    def spectral_density(self, x: Array) -> Array | None:
        """Give the density of eigenvalues at x, in the limit of large n, scaled to this n; None where it is not known."""
        return None

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Self, ...]:
        """Give the instances that tests and listings build."""

    def __str__(self) -> str:
        """Give the constructor call, as in ``goe(n=20)``."""
        return call_text(self)


def check_draw(n_samples: Any, rng: Any) -> None:
    """Refuse what is no number of samples, or no source of randomness.

    Raises
    ------
    ValueError, TypeError
    """
    if isinstance(n_samples, bool) or not hasattr(n_samples, "__index__") or n_samples < 0:
        raise ValueError(f"n_samples={n_samples!r}: must be whole, 0 or more")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng={rng!r}: must be a numpy.random.Generator, such as numpy.random.default_rng(0)")


def parts_of(n_samples: int, size: int) -> Iterator[int]:
    """Split a number of samples, of so many numbers each, into parts within `LARGEST_PART`, of a sample at least."""
    most = max(1, LARGEST_PART // size)
    for first in range(0, n_samples, most):
        yield min(most, n_samples - first)


def _checked(draw: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(draw)
    def checked(self: Any, n_samples: int, rng: np.random.Generator) -> Any:
        check_draw(n_samples, rng)
        return draw(self, n_samples, rng)

    return checked
