"""Borrowed: what optimizers of other packages have in common. Named from a fixed list, checked before their library is there.

Not here: how each library is stepped (`optax_methods`, `torch_methods`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, create_model

from saddlesim.optimizers.base import LibraryOptimizer
from saddlesim.problems import InvalidParameters, problems_of, shown, suggestion

Flag = Annotated[bool, Field(strict=True)]


class Method(NamedTuple):
    """What is known of a method without its library.

    Attributes
    ----------
    parameters : str
        The names of those that may be given, between blanks.
    by_lane : bool
        Whether components enter each other's steps, by a norm or a product, so that each lane has to be stepped by itself.
    """

    parameters: str
    by_lane: bool = False


class Borrowed(LibraryOptimizer):
    """Base of the optimizers of other packages.

    Attributes
    ----------
    extra : str
        The extra of this package that brings the libraries.
    libraries : tuple of str
        The modules it needs.
    """

    extra: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]]

    @property
    def missing_library(self) -> str | None:
        """Say what to install, if anything; nothing is imported to find out."""
        absent = [each for each in self.libraries if find_spec(each) is None]
        if not absent:
            return None
        are = "are" if len(absent) > 1 else "is"
        told = f"{self} needs {' and '.join(absent)}, which {are} not installed"
        return f"{told}; install with: pip install 'saddlesim[{self.extra}]'"

    def refusal(self, objective: Any) -> str | None:
        return self.missing_library

    def check_installed(self) -> None:
        """Refuse to start without the libraries.

        Raises
        ------
        ImportError
            If one is missing; the message says what to install.
        """
        if told := self.missing_library:
            raise ImportError(told)


def known_among(methods: Mapping[str, Method], noun: str) -> Callable[[str], str]:
    """Give the validator of a method's name."""

    def check(name: str) -> str:
        if name not in methods:
            raise ValueError(f"{shown(name)} is no {noun}{suggestion(name, methods)}")
        return name

    return check


def parameters_of(
    methods: Mapping[str, Method], kinds: Mapping[str, Any], named_by: str, required: tuple[str, ...] = ()
) -> Callable[[dict[str, Any], ValidationInfo], dict[str, Any]]:
    """Give the validator of a method's parameters.

    Parameters
    ----------
    methods : mapping of name to Method
    kinds : mapping of name to type
        What each parameter is, the same for all methods.
    named_by : str
        The field that has the method's name; it stands before this one.
    required : tuple of str
        The parameters that have no default.
    """

    @functools.cache
    def model(method: str) -> type[BaseModel]:
        fields: Any = {
            name: (kinds[name], ... if name in required else None) for name in methods[method].parameters.split()
        }
        return create_model(method, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)

    def check(given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        method = info.data.get(named_by)
        if method is None:  # which has been told already
            return given
        try:
            return model(method).model_validate(given).model_dump(exclude_unset=True)
        except ValidationError as error:
            raise InvalidParameters(problems_of(error, model(method))) from None

    return check
