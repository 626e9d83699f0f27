"""Data sets that need nothing: exclusive or, and one's own rows."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails

from saddlesim.objectives.networks.data.base import DataSet, Samples
from saddlesim.parameters import MOST_NUMBERS, AnyReal, Count, NonNegativeInteger, declared


def _first_problem(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Tell only the first wrong entry of a column, not each of a thousand."""
    try:
        return validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        told = InitErrorDetails(type=first["type"], loc=first["loc"], input=first["input"], ctx=first.get("ctx", {}))
        raise ValidationError.from_exception_data(error.title, [told]) from None


Rows = Annotated[tuple[tuple[AnyReal, ...], ...], WrapValidator(_first_problem)]
ClassLabel = Annotated[NonNegativeInteger, Field(lt=MOST_NUMBERS)]
Column = Annotated[tuple[ClassLabel, ...], WrapValidator(_first_problem)]


@declared
class Xor(DataSet):
    """Exclusive or of two bits, four samples: what no linear map separates, and the oldest saddle of network training."""

    source: ClassVar[str] = "Minsky, Papert, Perceptrons (1969) (recalled)"

    def samples(self) -> Samples:
        inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        return Samples(inputs, labels=np.array([0, 1, 1, 0]), n_classes=2)


@declared
class Given(DataSet):
    """Your own rows: inputs, with either labels or targets beside them.

    Parameters
    ----------
    inputs : rows of numbers, (S, n)
    labels : integers, (S,), optional
        Classes, counted from 0.
    targets : rows of numbers, (S, m), optional
        Values, or class probabilities.
    n_classes : int, optional
        By default one more than the largest label.
    """

    input_rows: Rows = Field(alias="inputs")
    label_column: Column | None = Field(default=None, alias="labels")
    target_rows: Rows | None = Field(default=None, alias="targets")
    class_count: Annotated[Count, Field(le=MOST_NUMBERS)] | None = Field(default=None, alias="n_classes")

    def __post_init__(self) -> None:
        if (self.label_column is None) == (self.target_rows is None):
            raise ValueError(
                "samples come with labels, which are classes, or with targets, which are values; give one of them"
            )
        if self.class_count is not None and self.label_column is None:
            raise ValueError(
                f"n_classes={self.class_count} goes with labels; targets have as many columns as there are classes"
            )
        _ = self.checked

    def samples(self) -> Samples:
        return Samples(self.input_rows, self.target_rows, self.label_column, self.class_count)

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        rows = ((0.0, 1.0), (1.0, 1.0), (2.0, -1.0))
        return (cls(inputs=rows, labels=(0, 1, 1)), cls(inputs=rows, targets=((0.5,), (1.0,), (-1.0,))))

    def __str__(self) -> str:
        return f"given({len(self.input_rows)} rows)"
