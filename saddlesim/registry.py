"""Registries: the plain dicts in which a `name:` finds its class, built-in ones first, then those of installed packages.

Not here: what a class must offer (its room's base module says that) and what is done with it.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from types import ModuleType

from saddlesim.problems import suggestion


class Registry(dict[str, type]):
    """Classes by the snake_case of their names; each class bears its key as ``registry_key``.

    Parameters
    ----------
    noun : str
        What one entry is called in messages, such as ``"optimizer"``.
    classes : iterable of type
        The built-in classes; the keys are derived from their names.

    Attributes
    ----------
    builtin : frozenset of str
        The keys of the built-in classes; the JSON Schema knows only these.
    """

    def __init__(self, noun: str, classes: Iterable[type]) -> None:
        super().__init__()
        for each in classes:
            self.register(snake_case(each.__name__), each)
        self.noun = noun
        self.builtin = frozenset(self)

    def register(self, key: str, cls: type) -> None:
        """Add a class."""
        cls.registry_key = key  # type: ignore[attr-defined]
        self[key] = cls

    def __missing__(self, key: str) -> type:
        raise KeyError(f"{key!r} is no {self.noun}{self.hint(str(key)) or suggestion(str(key), self)}")

    def hint(self, name: str) -> str:
        """Give the end of the message that refuses a name which is an object's path; nothing for another name."""
        return "; code is imported only if --trust names it on the command line" if ":" in name else ""

    def load_entry_points(self) -> None:
        """Add the classes that installed packages declare in the group ``saddlesim.<noun>s``; a broken one is warned of."""
        for entry in entry_points(group=f"saddlesim.{self.noun.replace(' ', '_')}s"):
            if entry.name in self.builtin:
                warnings.warn(f"{entry.value} claims the built-in {self.noun} {entry.name!r}; ignored", stacklevel=2)
                continue
            try:
                self.register(entry.name, entry.load())
            except Exception as error:
                warnings.warn(f"{self.noun} {entry.name!r} of {entry.value} does not load: {error}", stacklevel=2)


def declared_in(*modules: ModuleType) -> Iterator[type]:
    """Give the concrete declared classes that modules define, in the order in which they stand there."""
    for module in modules:
        for each in vars(module).values():
            if isinstance(each, type) and each.__module__ == module.__name__ and is_concrete(each):
                yield each


def is_concrete(cls: type) -> bool:
    """Tell whether a class is declared by itself, not merely a descendant of one, and none of its methods abstract."""
    return "__pydantic_fields__" in vars(cls) and not inspect.isabstract(cls)


def snake_case(name: str) -> str:
    """Turn a class name into its registry key.

    >>> snake_case("HeavyBall"), snake_case("RMSProp"), snake_case("GOE"), snake_case("SphericalPSpin")
    ('heavy_ball', 'rmsprop', 'goe', 'spherical_p_spin')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z][A-Z])(?=[A-Z][a-z])", "_", name).lower()
