"""Problems: what is wrong with given values, in our words, with the place of each; and the nearest name that is right.

A constructor raises them as one ValueError (`InvalidParameters`), the scenario room locates them in its file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

TAG = "\x1f"  # marks the elements of an error's location that name a branch of a union and no key of the user's


class Problem(NamedTuple):
    """One refused value.

    Attributes
    ----------
    path : tuple of str and int
        Where: keys and positions from the outside in.
    message : str
        What is wrong.
    at_key : bool
        Whether the key itself is.
    offset : int
        How many characters into a text that is the value.
    """

    path: tuple[str | int, ...]
    message: str
    at_key: bool = False
    offset: int = 0

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}" if self.path else self.message


class InvalidParameters(ValueError):
    """What a constructor raises: all problems of its arguments, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def problems_of(error: ValidationError, cls: type) -> list[Problem]:
    """Put pydantic's errors into our words.

    Parameters
    ----------
    error : ValidationError
        What validation of a `cls` raised.
    cls : type
        The declared class at the root, for the names it allows.
    """
    errors = error.errors(include_url=False)
    unknown = [each for each in errors if each["type"] in _UNKNOWN_KEY]
    # a misspelt key is also a missing one; once is enough
    meant = {(_path(each)[:-1], nearest(str(each["loc"][-1]), _allowed_at(each["loc"][:-1], cls))) for each in unknown}
    told = [
        each
        for each in errors
        if not _has_enough(each)
        and (each["type"] not in _MISSING_KEY or (_path(each)[:-1], each["loc"][-1]) not in meant)
    ]
    return [problem for each in told for problem in _problems(each, cls)]


_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
_MISSING_KEY = ("missing", "missing_argument", "missing_keyword_only_argument")
_WHOLE_SENTENCE = ("value_error", "refused")


def _has_enough(error: ErrorDetails) -> bool:
    """Tell whether a list is only called too short because entries of it, told by themselves, are not counted."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _path(error: ErrorDetails) -> tuple[str | int, ...]:
    """Give an error's location without what pydantic adds to name branches of unions and keys of mappings."""
    return tuple(each for each in error["loc"] if not str(each).startswith(TAG) and each != "[key]")


def _problems(error: ErrorDetails, root: type) -> list[Problem]:
    """Put one error into our words; where a constructor inside has told its own problems, those."""
    inner = error.get("ctx", {}).get("error")
    if isinstance(inner, InvalidParameters):
        return [each._replace(path=(*_path(error), *each.path)) for each in inner.problems]
    return [_problem(error, root)]


def _problem(error: ErrorDetails, root: type) -> Problem:
    path, kind = _path(error), error["type"]
    if kind in _UNKNOWN_KEY:
        return Problem(
            path, f"unknown key{suggestion(str(path[-1]), _allowed_at(error['loc'][:-1], root))}", at_key=True
        )
    if kind in _MISSING_KEY and isinstance(path[-1], int):
        return Problem(path[:-1], f"{shown(error['input'])} has too few entries; at least {path[-1] + 1}")
    if kind in _MISSING_KEY:
        return Problem(path[:-1], f"the key {path[-1]!r} is missing", at_key=True)
    if kind in _WHOLE_SENTENCE:
        return Problem(path, error["msg"].removeprefix("Value error, "))
    return Problem(path, f"{shown(error['input'])} {_sentence(error)}", at_key="[key]" in error["loc"])


def _sentence(error: ErrorDetails) -> str:
    """Say what is allowed, to stand behind the value that was given."""
    context = error.get("ctx", {})
    match error["type"]:
        case "greater_than":
            return "must be positive" if context["gt"] == 0 else f"must be above {context['gt']}"
        case "greater_than_equal":
            return "must not be negative" if context["ge"] == 0 else f"must be at least {context['ge']}"
        case "less_than":
            return f"must be below {context['lt']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "finite_number":
            return "must be finite"
        case "float_type":
            return "is no number"
        case "int_type" | "int_from_float":
            return "is no whole number"
        case "string_type":
            return "is no text; put it in quotes"
        case "bool_type":
            return "is neither true nor false"
        case "tuple_type" | "list_type":
            return "is no list; write [..., ...]"
        case "dict_type" | "dataclass_type":
            return "is no mapping; write {key: value, ...}"
        case "too_short":
            return f"has too few entries; at least {context['min_length']}"
        case "too_long":
            return f"has too many entries; at most {context['max_length']}"
        case "multiple_of":
            return f"must be a multiple of {context['multiple_of']}"
        case "literal_error":
            return f"is not allowed; must be {context['expected']}"
        case "string_pattern_mismatch":
            return "may hold only letters, digits, - and _"
    return f"is not allowed: {error['msg']}"


def _allowed_at(location: tuple[str | int, ...], root: type) -> tuple[str, ...]:
    """Give the field names of the class that stands at a location."""
    cls: Any = root
    for each in location:
        if isinstance(each, str) and hasattr(cls, "__pydantic_fields__") and each in cls.__pydantic_fields__:
            cls = _item_class(cls.__pydantic_fields__[each].annotation) or cls
    described = getattr(cls, "__pydantic_fields__", {})
    return tuple(field.alias or name for name, field in described.items())


def _item_class(annotation: Any) -> type | None:
    """Find the declared class inside such an annotation as ``tuple[Expectation, ...]``."""
    if hasattr(annotation, "__pydantic_fields__"):
        return annotation  # type: ignore[no-any-return]
    for each in getattr(annotation, "__args__", ()):
        if found := _item_class(each):
            return found
    return None


def suggestion(given: str, allowed: Iterable[str]) -> str:
    """Give the end of a message: the nearest allowed name, or all of them.

    >>> suggestion("heavyball", ["adam", "heavy_ball"])
    "; did you mean 'heavy_ball'?"
    """
    allowed = list(allowed)
    close = nearest(given, allowed)
    return f"; did you mean {close!r}?" if close else f"; allowed: {listed(allowed)}"


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """Give the allowed name that is spelt most like the given one, or begins with it, if any is near."""
    allowed = list(allowed)
    begun = [each for each in allowed if given and each.startswith(given)]
    return next(iter(difflib.get_close_matches(given, allowed, n=1, cutoff=0.6) or begun), None)


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as ``experiment.optimizers.gd`` and ``expect[0].value``."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


MOST_NAMES = 20  # that a message lists


def listed(allowed: Iterable[str]) -> str:
    """List names in a message, the first of them if they are many."""
    names = list(allowed)
    rest = f", ... ({len(names)} in all)" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + rest or "nothing"


def shown(value: Any) -> str:
    """Show a given value in one short line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
