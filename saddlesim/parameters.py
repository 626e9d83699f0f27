"""Parameters: how objectives, optimizers and experiments declare their fields.

Every such class is a frozen pydantic dataclass with keyword fields (`declared`). A field that holds another registered
thing takes either an object or the mapping ``{name: key, ...}`` (`FromRegistry`). How a wrong one is told is in `problems`.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, TypeVar, dataclass_transform

import pydantic
from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import PydanticUndefined, core_schema

from saddlesim.problems import InvalidParameters, Problem, listed, problems_of, shown, suggestion
from saddlesim.registry import Registry, snake_case

AnyClass = TypeVar("AnyClass", bound=type)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field, pydantic.Field))
def declared(cls: AnyClass) -> AnyClass:
    """Make `cls` a frozen, keyword-only, validated dataclass whose constructor raises `InvalidParameters`."""
    config = ConfigDict(extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)
    made: Any = pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=config)(cls)
    validated_init = made.__init__

    @functools.wraps(validated_init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if args:
            raise TypeError(f"{cls.__name__} takes keyword arguments only; allowed: {listed(field_names(made))}")
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
        f"{key}={_spelt(getattr(made, name))}"
        for position, (key, name) in enumerate(field_names(type(made)).items())
        if position == 0 or getattr(made, name) != default_of(type(made), name)
    ]
    return f"{snake_case(type(made).__name__)}({', '.join(given)})"


def _spelt(value: Any) -> str:
    """Write a field's value as it is written in a call; what is declared itself is spelt in turn."""
    if not is_dataclass(value):
        return repr(value)
    return call_text(value) if type(value).__str__ is object.__str__ else str(value)


def default_of(cls: type, name: str) -> Any:
    """Give the default of a field of a declared class, or MISSING."""
    default = next(field.default for field in fields(cls) if field.name == name)
    factory = getattr(default, "default_factory", None)  # pydantic's Field wraps both
    if factory is not None:
        return factory()
    default = getattr(default, "default", default)
    return MISSING if default is PydanticUndefined else default


def with_fields(made: Any, changes: Mapping[tuple[str, ...], Any]) -> Any:
    """Make an object again with some fields changed, however deep; all at once, so that what hangs together may change together.

    Parameters
    ----------
    made : object
        A declared object, or a mapping or tuple of them.
    changes : mapping of path to value
        A path is the keys from the outside in; positions in a tuple are written in digits, and ``*`` is every key of a mapping.

    Raises
    ------
    InvalidParameters
        If there is no such field, or the value is refused.

    Examples
    --------
    >>> from saddlesim.objectives import OBJECTIVES
    >>> str(with_fields(OBJECTIVES["quadratic"](eigenvalues=(1, -1)), {("eigenvalues", "1"): -0.5}))
    'quadratic(eigenvalues=(1.0, -0.5))'
    """
    if () in changes:
        return changes[()]
    inside: dict[str, dict[tuple[str, ...], Any]] = {}
    for (key, *rest), value in changes.items():
        for each in made if key == "*" and isinstance(made, Mapping) else (key,):
            inside.setdefault(each, {})[tuple(rest)] = value
    held = _fields_of(made)
    for key in inside:
        if key not in held:
            told = call_text(made) if is_dataclass(made) else shown(made)
            raise InvalidParameters([Problem((key,), f"{told} has no {key!r}{suggestion(key, held)}")])
    new: dict[str, Any] = {}
    for key, deeper in inside.items():
        try:
            new[key] = with_fields(held[key], deeper)
        except InvalidParameters as error:
            raise InvalidParameters([each._replace(path=(key, *each.path)) for each in error.problems]) from None
    if isinstance(made, tuple):
        return tuple((held | new).values())
    return held | new if isinstance(made, Mapping) else construct(type(made), held | new)


def _fields_of(made: Any) -> dict[str, Any]:
    """Give what an object is made of, by key; nothing where it is not made of fields."""
    if isinstance(made, Mapping):
        return dict(made)
    if isinstance(made, tuple):
        return {str(position): each for position, each in enumerate(made)}
    if not is_dataclass(made):
        return {}
    return {key: getattr(made, name) for key, name in field_names(type(made)).items()}


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
        raise TypeError(f"{shown(value)} cannot be pickled, so its runs cannot be stored: {error}") from None
    return {"object": f"{cls.__module__}:{cls.__qualname__}", "digest": _digest(cls, content)}


def _digest(cls: type, content: bytes = b"") -> str:
    """Tell somebody else's code, and perhaps an object's content, by a hash."""
    try:
        source = inspect.getsource(inspect.getmodule(cls) or cls)
    except (OSError, TypeError):  # typed at a prompt: the content alone must do
        source = ""
    return hashlib.sha256(content + source.encode()).hexdigest()


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
AnyReal = Annotated[float, Field(strict=True, allow_inf_nan=True), BeforeValidator(_number)]  # inf and nan, too
Positive = Annotated[Real, Field(gt=0)]
NonNegative = Annotated[Real, Field(ge=0)]
Decay = Annotated[Real, Field(ge=0, lt=1)]
Fraction = Annotated[Positive, Field(lt=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, gt=0)]
NonNegativeInteger = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0)]
LARGEST_SIZE = 1_000_000  # of an objective: above, points alone fill the memory
LARGEST_COUNT = 100_000_000  # of steps and of lanes
MOST_NUMBERS = 20_000_000  # that arrays which are held together have: 160 MB

Size = Annotated[Count, Field(le=LARGEST_SIZE)]
Vector = Annotated[tuple[Real, ...], BeforeValidator(_tuple), Field(min_length=1)]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


def excess(what: str, held: int) -> str:
    """Tell that something is too large to be held; nothing where it is not.

    >>> excess("inputs", 1000 * 30000)
    'inputs would hold 30000000 numbers; at most 20000000'
    """
    return f"{what} would hold {held} numbers; at most {MOST_NUMBERS}" if held > MOST_NUMBERS else ""


OF_REGISTRY = "registry"  # key in a JSON schema: of which noun the alternatives are


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
        return {OF_REGISTRY: self.registry.noun, "oneOf": [self._named_schema(name, handler) for name in builtin]}

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
            raise ValueError(f"{shown(value)} is no {noun}; give a mapping with a name, such as {{name: {example}}}")
        name = value.get("name")
        if "object" in value:
            raise ValueError(f"{shown(value['object'])} cannot be made again from a stored run; run the scenario anew")
        if name is None:
            raise ValueError(f"this {noun} has no name; allowed: {listed(self.registry)}")
        if not isinstance(name, str) or name not in self.registry:
            told = f"{shown(name)} is no {noun}{self.registry.hint(str(name)) or suggestion(str(name), self.registry)}"
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
