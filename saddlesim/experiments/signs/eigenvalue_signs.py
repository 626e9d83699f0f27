"""Eigenvalue signs: how many eigenvalues of a random symmetric matrix are negative, in ensembles of many sizes.

Not here: ensembles and exact laws (random_matrices), and what is made of the counts (result.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator
from saddlesim.experiments.signs import rare_events
from saddlesim.experiments.signs.counts import InertiaCounts, IntervalMethod, fewest_samples
from saddlesim.experiments.signs.laws import law_of
from saddlesim.experiments.signs.result import RARE_ARRAYS, TABLES, EigenvalueSignsResult, summary_names
from saddlesim.parameters import Count, Fraction, Label, NonNegativeInteger, as_plain, declared
from saddlesim.problems import Problem
from saddlesim.random_matrices import Ensemble, EnsembleField
from saddlesim.random_matrices.base import LARGEST_MATRIX
from saddlesim.random_matrices.rare import conditional_spectra

LARGEST_SPECTRA = 2_000_000  # eigenvalues that a result holds
LARGEST_RARE = 10_000_000

SIGNS, SPECTRA, RARE, POSITIVE = "signs", "spectra", "rare", "positive"
STREAMS = (SIGNS, SPECTRA, RARE, POSITIVE)  # each size has as many streams of random numbers


class Place(NamedTuple):
    """What a point draws: of which ensemble, of what size, and which quantity."""

    label: str
    n: int
    drawn: str

    @classmethod
    def of(cls, point: str) -> Place:
        label, n, drawn = point.split(":")
        return cls(label, int(n), drawn)

    def __str__(self) -> str:
        return ":".join(map(str, self))


def _some(dimensions: tuple[int, ...]) -> tuple[int, ...]:
    """Refuse an empty list: by itself, for a length bound would also tell of a list whose one entry is refused."""
    if not dimensions:
        raise ValueError("no size is given; at least one")
    return dimensions


@declared
class EigenvalueSigns:
    """Are the signs of a Hessian's eigenvalues coin flips? Their counts in random matrices, against exact laws and 2^-n.

    Every ensemble is drawn from at every size. All ensembles of one size share random numbers, different sizes do not, and no
    count depends on what else is asked.
    """

    ensembles: dict[Label, EnsembleField] = Field(
        min_length=1, description="label: {name: ..., parameters}; the dimensions replace n"
    )
    dimensions: Annotated[tuple[Annotated[Count, Field(le=LARGEST_MATRIX)], ...], AfterValidator(_some)] = Field(
        description="how many rows the matrices have, one size after another"
    )
    n_samples: Annotated[Count, Field(le=LARGEST_COUNT)] = Field(
        default=100_000, description="how many matrices of each ensemble and size have their signs counted"
    )
    n_spectra: NonNegativeInteger = Field(
        default=0, description="how many others have all their eigenvalues kept, for plots"
    )
    n_rare_samples: Annotated[NonNegativeInteger, Field(le=LARGEST_RARE)] = Field(
        default=0, description="how many more estimate P(all positive) by importance sampling or splitting"
    )
    confidence_level: Annotated[Fraction, Field(ge=0.5, le=0.999_999)] = Field(
        default=0.95, description="of every interval"
    )
    interval: IntervalMethod = Field(
        default="wilson", description="of a probability: wilson, or clopper_pearson, which is never too short"
    )
    block_size: Annotated[Count, Field(le=1_000_000)] = Field(
        default=10_000, description="samples drawn and stored together"
    )

    @property
    def result_class(self) -> type[EigenvalueSignsResult]:
        return EigenvalueSignsResult

    def ensemble(self, label: str, n: int) -> Ensemble:
        """Give an ensemble at one of the sizes."""
        return self.ensembles[label].of_size(n)

    def check(self) -> list[Problem]:
        return self.check_parts({name: getattr(self, name) for name in type(self).__pydantic_fields__})  # type: ignore[attr-defined]

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        ensembles, dimensions = parts.get("ensembles", {}), parts.get("dimensions", ())
        wrong = list(_ignored_sizes(ensembles))
        impossible = list(_impossible_sizes(ensembles, dimensions))
        if impossible:
            return wrong + impossible
        for position, n in enumerate(dimensions):
            if n in dimensions[:position]:
                wrong.append(Problem(("dimensions", position), f"{n} stands twice; remove one"))
        level, interval = parts.get("confidence_level", 0.95), parts.get("interval", "wilson")
        least, n_samples = fewest_samples(level, interval), parts.get("n_samples", LARGEST_COUNT)
        if n_samples < least:
            told = f"{n_samples} samples cannot tell a probability of 0 from 1/2 at confidence level {level:g}"
            wrong.append(Problem(("n_samples",), f"{told} ({interval}); at least {least}"))
        if n_rare := parts.get("n_rare_samples", 0):
            wrong += _rare_problems(ensembles, dimensions, n_rare)
        held = len(ensembles) * sum(dimensions) * (2 if n_rare else 1)
        if held * parts.get("n_spectra", 0) > LARGEST_SPECTRA:
            told = f"{held * parts['n_spectra']} eigenvalues in all, {held} for each, are too many to keep"
            wrong.append(Problem(("n_spectra",), f"{told}; at most {LARGEST_SPECTRA // held}"))
        return wrong

    # ---- blocks: one ensemble of one size

    def points(self) -> tuple[str, ...]:
        return tuple(str(each) for drawn in self._drawn for each in self._places(drawn))

    @property
    def _drawn(self) -> tuple[str, ...]:
        asked = {
            SIGNS: self.n_samples,
            SPECTRA: self.n_spectra,
            RARE: self.n_rare_samples,
            POSITIVE: min(self.n_spectra, self.n_rare_samples),
        }
        return tuple(drawn for drawn, n in asked.items() if n)

    def _places(self, drawn: str) -> tuple[Place, ...]:
        return tuple(Place(label, n, drawn) for label in self.ensembles for n in self.dimensions)

    def n_blocks(self, point: str) -> int:
        label, n, drawn = Place.of(point)
        if drawn == RARE:
            return rare_events.n_blocks(self.ensemble(label, n), self.n_rare_samples, self.block_size)
        return -(-self.n_samples // self.block_size) if drawn == SIGNS else 1

    def _samples_of_block(self, place: Place, block: int) -> int:
        if place.drawn == RARE:
            ensemble = self.ensemble(place.label, place.n)
            return rare_events.samples_of_block(ensemble, self.n_rare_samples, self.block_size, block)
        return (
            min(self.block_size, self.n_samples - block * self.block_size) if place.drawn == SIGNS else self.n_spectra
        )

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        place = Place.of(point)
        return {
            "experiment": "eigenvalue_signs",
            "drawn": place.drawn,
            "ensemble": as_plain(self.ensemble(place.label, place.n)),
            "n": place.n,
            "block": block,
            "n_samples": self._samples_of_block(place, block),
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        place = Place.of(point)
        ensemble, n_samples = self.ensemble(place.label, place.n), self._samples_of_block(place, block)
        rng = generator(seed, block, len(STREAMS) * place.n + STREAMS.index(place.drawn))
        if place.drawn == SPECTRA:
            return {"eigenvalue": ensemble.sample_spectrum(n_samples, rng).reshape(-1)}
        if place.drawn == RARE:
            return {"log_weight": rare_events.log_weights(ensemble, n_samples, rng)}
        if place.drawn == POSITIVE:
            spectra, log_weights = conditional_spectra(ensemble, n_samples, rng)
            weights = np.exp(log_weights - log_weights.max(initial=-np.inf))
            return {"eigenvalue": spectra.reshape(-1), "weight": np.repeat(weights, place.n)}
        inertias = ensemble.sample_inertia(n_samples, rng)
        counts = InertiaCounts.of_samples(place.n, inertias.negative, inertias.zero)
        counted = {"negative": counts.negative, "zero": counts.zero, "samples": counts.samples}
        return counted | _law_arrays(ensemble) if block == 0 else counted

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> EigenvalueSignsResult:
        counts, laws = {}, {}
        for place in self._places(SIGNS):
            counts[place] = InertiaCounts.together(place.n, blocks[str(place)])._asdict()
            law = blocks[str(place)][0]
            laws[place] = {"index": np.arange(len(law["probability"])), "probability": law["probability"]}
        logarithms = [float(blocks[str(place)][0]["log_probability_positive"]) for place in self._places(SIGNS)]
        arrays = {
            "label": LabelledArray(("label",), np.array(list(self.ensembles)), "label of the ensemble"),
            "dimension": LabelledArray(("dimension",), np.array(self.dimensions), "rows of the matrices"),
            "log_probability_positive": self._array(
                logarithms, "logarithm of the exact probability that all eigenvalues are positive; nan: not known"
            ),
            **self._table("counts", counts),
            **self._table("laws", laws),
        }
        for drawn in (each for each in self._drawn if each in (SPECTRA, POSITIVE)):
            arrays |= self._table(drawn, {place: blocks[str(place)][0] for place in self._places(drawn)})
        if self.n_rare_samples:
            arrays |= self._rare_arrays(blocks)
        return EigenvalueSignsResult(self, seed, arrays)

    def _rare_arrays(self, blocks: Mapping[str, Sequence[Block]]) -> dict[str, LabelledArray]:
        estimates = []
        for place in self._places(RARE):
            log_weights = [each["log_weight"] for each in blocks[str(place)]]
            ensemble = self.ensemble(place.label, place.n)
            estimates.append(rare_events.estimate(ensemble, log_weights, self.confidence_level)._asdict())
        return {
            f"rare_{name}": self._array([each[name] for each in estimates], meaning)
            for name, meaning in RARE_ARRAYS.items()
        }

    def _array(self, values: Sequence[Any], meaning: str) -> LabelledArray:
        """Label what is one value for each ensemble and size."""
        shape = len(self.ensembles), len(self.dimensions)
        return LabelledArray(("label", "dimension"), np.array(values).reshape(shape), meaning)

    def _table(self, name: str, rows: Mapping[Place, Mapping[str, NDArray[Any]]]) -> dict[str, LabelledArray]:
        """Put the rows of all places one below the other; nothing where there are none."""
        labels = list(self.ensembles)
        first, *_ = meanings = TABLES[name]
        lengths = [len(each[first]) for each in rows.values()]
        if not sum(lengths):
            return {}
        positions = np.repeat([labels.index(each.label) for each in rows], lengths)
        dimensions = np.repeat([each.n for each in rows], lengths)
        columns = {key: np.concatenate([each[key] for each in rows.values()]) for key in meanings}
        return {
            f"{name}_label": LabelledArray((name,), positions, "position of the ensemble's label"),
            f"{name}_dimension": LabelledArray((name,), dimensions, "rows of the matrices"),
            **{f"{name}_{key}": LabelledArray((name,), columns[key], meanings[key]) for key in meanings},
        }

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[EigenvalueSigns, ...]:
        return (
            cls(
                ensembles={"coin": {"name": "independent_signs"}},  # type: ignore[dict-item]
                dimensions=(1, 3),
                n_samples=1000,
                n_spectra=10,
            ),
        )


def _law_arrays(ensemble: Ensemble) -> Block:
    law = law_of(ensemble)
    logarithm = law.log_probability_positive
    return {
        "probability": np.empty(0) if law.distribution is None else np.asarray(law.distribution, dtype=np.float64),
        "log_probability_positive": np.array(np.nan if logarithm is None else logarithm),
    }


def _ignored_sizes(ensembles: Mapping[str, Ensemble]) -> Iterator[Problem]:
    """List the ensembles that were given a size of their own, which the dimensions would replace."""
    for label, ensemble in ensembles.items():
        field = getattr(type(ensemble), "__pydantic_fields__", {}).get("n")
        if field is not None and ensemble.n != field.default:
            told = f"{ensemble.n} would be ignored, for dimensions says how many rows there are; leave it out"
            yield Problem(("ensembles", label, "n"), told)


def _impossible_sizes(ensembles: Mapping[str, Ensemble], dimensions: Sequence[int]) -> Iterator[Problem]:
    """List the ensembles that cannot have one of the sizes, the first such size each."""
    for label, ensemble in ensembles.items():
        for n in dimensions:
            try:
                ensemble.of_size(n)
            except ValueError as error:
                told = "; ".join(str(error).splitlines())
                yield Problem(("ensembles", label), f"{ensemble} cannot have dimension {n}: {told}")
                break


def _rare_problems(ensembles: Mapping[str, Ensemble], dimensions: Sequence[int], n_samples: int) -> Iterator[Problem]:
    """List the ensembles whose P(all positive) cannot be estimated at one of the sizes, the first such size each."""
    for label, ensemble in ensembles.items():
        told = (rare_events.problem_with(ensemble.of_size(n), n_samples) for n in dimensions)
        if problem := next(filter(None, told), None):
            few = problem.startswith(f"{n_samples} are too few")
            yield Problem(("n_rare_samples",) if few else ("ensembles", label), problem)
