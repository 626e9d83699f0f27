"""Parameters: how objectives, optimizers and experiments declare their fields, and how a wrong one is told.

Every such class is a frozen pydantic dataclass with keyword fields (`declared`). A field that holds another registered
thing takes either an object or the mapping ``{name: key, ...}`` (`FromRegistry`). Whatever is refused becomes a list of
`Problem`, in our words; the constructor raises them as one ValueError, the scenario room locates them in its file.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import inspect
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, NamedTuple, TypeVar, dataclass_transform

import pydantic
from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined, core_schema

from saddlesim.registry import Registry, snake_case

TAG = "\x1f"  # marks the elements of an error's location that name a branch of a union and no key of the user's

AnyClass = TypeVar("AnyClass", bound=type)


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


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field, pydantic.Field))
def declared(cls: AnyClass) -> AnyClass:
    """Make `cls` a frozen, keyword-only, validated dataclass whose constructor raises `InvalidParameters`."""
    config = ConfigDict(extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)
    made: Any = pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=config)(cls)
    validated_init = made.__init__

    @functools.wraps(validated_init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if args:
            raise TypeError(f"{cls.__name__} takes keyword arguments only; allowed: {_names(field_names(made))}")
        try:
            validated_init(self, **kwargs)
        except ValidationError as error:
            raise InvalidParameters(problems_of(error, made)) from None

    made.__init__ = __init__
    return made  # type: ignore[no-any-return]


def field_names(cls: type) -> dict[str, str]:
    """Give the fields of a declared class, in order: as the constructor's key -> the attribute that holds the value.

    The two differ where a field is declared with an alias, for the attribute of that name is something else.
    """
    described = getattr(cls, "__pydantic_fields__", {})
    return {getattr(described.get(field.name), "alias", None) or field.name: field.name for field in fields(cls)}


def call_text(made: Any) -> str:
    """Spell the constructor call of a declared object: its first field and what else differs from the defaults."""
    given = [
        f"{key}={getattr(made, name)!r}"
        for position, (key, name) in enumerate(field_names(type(made)).items())
        if position == 0 or getattr(made, name) != default_of(type(made), name)
    ]
    return f"{snake_case(type(made).__name__)}({', '.join(given)})"


def default_of(cls: type, name: str) -> Any:
    """Give the default of a field of a declared class, or MISSING."""
    default = next(field.default for field in fields(cls) if field.name == name)
    default = getattr(default, "default", default)  # pydantic's Field wraps it
    return MISSING if default is PydanticUndefined else default


def as_plain(value: Any) -> Any:
    """Spell a declared object, and what it holds, in mappings, lists and scalars: the way a scenario would.

    Code that is not ours is told by a digest of its module's source besides, and an object that is not spelt by fields by its
    class and a digest of its pickle, so that equal spelling means equal behaviour as far as that can be told.

    Raises
    ------
    TypeError
        If such an object cannot be pickled.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(each) for each in value]
    cls: Any = type(value)
    if hasattr(cls, "__pydantic_fields__") or ("registry_key" in vars(cls) and is_dataclass(cls)):
        named = {"name": cls.registry_key} if "registry_key" in vars(cls) else {}
        spelt = {key: as_plain(getattr(value, name)) for key, name in field_names(cls).items()}
        return named | spelt | ({} if cls.__module__.startswith("saddlesim.") else {"digest": _digest(cls)})
    return _as_plain_object(value)


def _as_plain_object(value: Any) -> dict[str, str]:
    cls = type(value)
    try:
        content = pickle.dumps(value)
    except Exception as error:
        raise TypeError(f"{_shown(value)} cannot be pickled, so its runs cannot be stored: {error}") from None
    return {"object": f"{cls.__module__}:{cls.__qualname__}", "digest": _digest(cls, content)}


def _digest(cls: type, content: bytes = b"") -> str:
    """Tell somebody else's code, and perhaps an object's content, by a hash."""
    try:
        source = inspect.getsource(inspect.getmodule(cls) or cls)
    except (OSError, TypeError):  # typed at a prompt: the content alone must do
        source = ""
    return hashlib.sha256(content + source.encode()).hexdigest()


# ---- the types of fields


def _number(value: Any) -> Any:
    """Unwrap a NumPy scalar."""
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value


def _whole(value: Any) -> Any:
    """Let 1e4 be the whole number it is."""
    value = _number(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _tuple(value: Any) -> Any:
    """Let a list or an array stand for a tuple."""
    return tuple(value) if isinstance(value, list) or getattr(value, "ndim", 0) > 0 else value


Real = Annotated[float, BeforeValidator(_number), Field(strict=True)]
Positive = Annotated[Real, Field(gt=0)]
NonNegative = Annotated[Real, Field(ge=0)]
Decay = Annotated[Real, Field(ge=0, lt=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, gt=0)]
NonNegativeInteger = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0)]
Vector = Annotated[tuple[Real, ...], BeforeValidator(_tuple), Field(min_length=1)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class FromRegistry:
    """Annotation of a field that holds a registered thing: an object with the needed methods, or ``{name: key, ...}``.

    Parameters
    ----------
    registry : Registry
        Where the name is looked up.
    methods : tuple of str
        What an object must offer to be taken as it is.
    """

    def __init__(self, registry: Registry, methods: tuple[str, ...]) -> None:
        self.registry = registry
        self.methods = methods

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        builtin = [name for name in self.registry if name in self.registry.builtin]
        return {"oneOf": [self._named_schema(name, handler) for name in builtin]}

    def _named_schema(self, name: str, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        core = pydantic.TypeAdapter(self.registry[name]).core_schema
        made = handler.resolve_ref_schema(handler(core))
        properties = {"name": {"const": name}, **made.get("properties", {})}
        return {**made, "properties": properties, "required": ["name", *made.get("required", [])]}

    def _validate(self, value: Any) -> Any:
        noun = self.registry.noun
        if not isinstance(value, Mapping):
            missing = [name for name in self.methods if not callable(getattr(value, name, None))]
            if not missing:
                return value
            example = next(iter(self.registry))
            raise ValueError(f"{_shown(value)} is no {noun}; give a mapping with a name, such as {{name: {example}}}")
        name = value.get("name")
        if "object" in value:
            raise ValueError(f"{_shown(value['object'])} cannot be made again from a stored run; run the scenario anew")
        if name is None:
            raise ValueError(f"this {noun} has no name; allowed: {_names(self.registry)}")
        if not isinstance(name, str) or name not in self.registry:
            told = f"{_shown(name)} is no {noun}{self.registry.hint(str(name)) or suggestion(str(name), self.registry)}"
            raise InvalidParameters([Problem(("name",), told)])
        apart = ("name",) if name in self.registry.builtin else ("name", "digest")
        return construct(self.registry[name], {str(key): each for key, each in value.items() if key not in apart})


def construct(cls: type, given: Mapping[str, Any]) -> Any:
    """Make an object of a registered class, which need not be a declared one.

    Raises
    ------
    InvalidParameters
        If the class does not take what is given.
    """
    try:
        return cls(**given)
    except InvalidParameters:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidParameters([Problem((), f"{cls.__qualname__} does not take this: {error}")]) from None


# ---- from pydantic's errors to ours


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
        each for each in errors if each["type"] not in _MISSING_KEY or (_path(each)[:-1], each["loc"][-1]) not in meant
    ]
    return [problem for each in told for problem in _problems(each, cls)]


_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
_MISSING_KEY = ("missing", "missing_argument", "missing_keyword_only_argument")
_WHOLE_SENTENCE = ("value_error", "refused")


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
    if kind in _MISSING_KEY:
        return Problem(path[:-1], f"the key {path[-1]!r} is missing", at_key=True)
    if kind in _WHOLE_SENTENCE:
        return Problem(path, error["msg"].removeprefix("Value error, "))
    return Problem(path, f"{_shown(error['input'])} {_sentence(error)}", at_key="[key]" in error["loc"])


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
    return tuple(field_names(cls))


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
    return f"; did you mean {close!r}?" if close else f"; allowed: {_names(allowed)}"


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """Give the allowed name that is spelt most like the given one, or begins with it, if any is near."""
    allowed = list(allowed)
    begun = [each for each in allowed if given and each.startswith(given)]
    return next(iter(difflib.get_close_matches(given, allowed, n=1, cutoff=0.6) or begun), None)


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as ``experiment.optimizers.gd`` and ``expect[0].value``."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


MOST_NAMES = 20  # that a message lists


def _names(allowed: Iterable[str]) -> str:
    names = list(allowed)
    rest = f", ... ({len(names)} in all)" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + rest or "nothing"


def _shown(value: Any) -> str:
    """Show a given value in one short line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
