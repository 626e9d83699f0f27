"""Documents: YAML 1.2 text -> plain data that remembers where each value stands, for errors that point at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml
from yamlcore import CoreLoader

from saddlesim.problems import Problem, dotted, suggestion

Path = tuple[str | int, ...]

LARGEST_TEXT = 1_000_000  # characters
LARGEST_NUMBER = 400  # characters of one number
DEEPEST = 50  # levels of nesting


class Mark(NamedTuple):
    """Where something stands: line and column from 1, or 0 and where it came from instead of the file."""

    line: int
    column: int
    origin: str = ""


class ScenarioError(ValueError):
    """What is wrong with a scenario: all problems, each located, one text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)


@dataclass
class Document:
    """A scenario's data, and where each key and value of it stands.

    Attributes
    ----------
    source : str
        The file's name, for messages.
    lines : list of str
    data : dict
    keys, values : dict of path to Mark
    problems : list of (Mark, Problem)
        Found while reading: keys that stand twice.
    """

    source: str
    lines: list[str]
    data: Any = None
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    problems: list[tuple[Mark, Problem]] = field(default_factory=list)

    @classmethod
    def read(cls, text: str, source: str, origin: str = "") -> Document:
        """Read a text; one that stands in no file is told by its origin.

        Raises
        ------
        ScenarioError
            If it is no YAML, or larger or deeper than any scenario.
        """
        document = cls(source, text.splitlines())
        if len(text) > LARGEST_TEXT:
            raise ScenarioError(f"{source}: {len(text)} characters; a scenario has at most {LARGEST_TEXT}")
        try:
            _refuse_deep_and_aliased(text)
            loader = CoreLoader(text)
            node = loader.get_single_node()
            if node is None:
                raise ScenarioError(f"{source}: the file is empty; a scenario needs version, title and experiment")
            document.data = document._construct(loader, node, ())
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            mark = Mark(before.count("\n") + 1, error.position - before.rfind("\n"), origin)
            told = f"no YAML: the character #x{ord(text[error.position]):04x} is not allowed"
            raise ScenarioError(document._located(mark, (), told)) from None
        except yaml.MarkedYAMLError as error:
            mark = _mark(error.problem_mark or error.context_mark)._replace(origin=origin)
            raise ScenarioError(document._located(mark, (), _syntax(error))) from None
        if not isinstance(document.data, Mapping):
            raise ScenarioError(f"{source}:1:1: a scenario is a mapping with the keys version, title and experiment")
        return document

    def set(self, keys: str, value: Any, origin: Mark) -> None:
        """Put a value at dotted keys, as ``--set`` and ``reduced:`` do; missing keys are for the validation to judge.

        Raises
        ------
        ScenarioError
            If the way there leads through something that holds no such key.
        """
        path: list[str | int] = []
        place: Any = self.data
        *way, last = keys.split(".")
        for key in way:
            place, path = self._descend(place, path, key, keys, origin)
        if isinstance(place, list):
            path.append(_position(last, len(place), self, keys, origin))
        elif isinstance(place, Mapping):
            path.append(last)
        else:
            raise ScenarioError(self._located(origin, (), f"{keys}: {dotted(path)} holds no keys"))
        place[path[-1]] = value
        here = tuple(path)
        for marks in (self.keys, self.values):
            for each in [each for each in marks if each[: len(here)] == here]:
                del marks[each]
            marks[here] = origin

    def _descend(
        self, place: Any, path: list[str | int], key: str, keys: str, origin: Mark
    ) -> tuple[Any, list[str | int]]:
        if isinstance(place, list):
            step: str | int = _position(key, len(place), self, keys, origin)
        elif isinstance(place, Mapping) and key in place:
            step = key
        else:
            known = suggestion(key, place) if isinstance(place, Mapping) else ""
            raise ScenarioError(self._located(origin, (), f"{keys}: there is no {dotted([*path, key])}{known}"))
        return place[step], [*path, step]

    def copy(self) -> Document:
        """Give an independent copy."""
        return Document(
            self.source, self.lines, _copy(self.data), dict(self.keys), dict(self.values), list(self.problems)
        )

    def error(self, problems: Iterable[Problem]) -> ScenarioError:
        """Locate problems, those found while reading with them, in the order in which they stand in the file."""
        located = sorted([*self.problems, *((self.mark_of(each), each) for each in problems)], key=lambda each: each[0])
        return ScenarioError(
            "\n".join(dict.fromkeys(self._located(mark, each.path, each.message) for mark, each in located))
        )

    def mark_of(self, problem: Problem) -> Mark:
        """Give where a problem stands, or the nearest thing round it that stands somewhere."""
        marks = self.keys if problem.at_key else self.values
        for end in range(len(problem.path), -1, -1):
            if mark := marks.get(problem.path[:end]) or self.values.get(problem.path[:end]):
                return self._inside(mark, problem)
        return Mark(1, 1)

    def _inside(self, mark: Mark, problem: Problem) -> Mark:
        """Move a mark to the character of a text that a problem is about, where the text stands in the file as it is."""
        if not problem.offset or not 0 < mark.line <= len(self.lines):
            return mark
        text = self.data
        for step in problem.path:
            text = text[step]
        line = self.lines[mark.line - 1][mark.column - 1 :]
        quoted = line[:1] in ("'", '"')
        as_it_is = isinstance(text, str) and line[quoted:].startswith(text)
        return mark._replace(column=mark.column + quoted + problem.offset) if as_it_is else mark

    def _located(self, mark: Mark, path: Path, message: str) -> str:
        told = f"{dotted(path)}: {message}" if path else message
        if mark.origin:
            return f"{mark.origin}: {told}"
        text = f"{self.source}:{mark.line}:{mark.column}: {told}"
        if mark.line <= len(self.lines):
            line = self.lines[mark.line - 1].replace("\t", " ")
            begin = max(0, mark.column - 80)
            text += f"\n    {line[begin : begin + 160]}\n    {' ' * (mark.column - 1 - begin)}^"
        return text

    def _construct(self, loader: Any, node: yaml.Node, path: Path) -> Any:
        self.values[path] = _mark(node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self._construct_mapping(loader, node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._construct(loader, each, (*path, position)) for position, each in enumerate(node.value)]
        if node.tag.endswith((":int", ":float")) and len(node.value) > LARGEST_NUMBER:
            raise _refusal(f"a number of {len(node.value)} characters", node)
        try:
            return loader.construct_object(node)
        except (ValueError, KeyError):  # a tag written out, on what it does not fit
            raise _refusal(f"{node.value!r} is no {node.tag.rpartition(':')[2]}", node) from None

    def _construct_mapping(self, loader: Any, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            here = (*path, key)
            if key in made:
                told = f"the key {key!r} stands twice, first in line {self.keys[here].line}; remove one"
                self.problems.append((_mark(key_node.start_mark), Problem(here, told)))
                continue
            self.keys[here] = _mark(key_node.start_mark)
            made[key] = self._construct(loader, value_node, here)
        return made


def read_value(text: str, origin: str) -> Any:
    """Read the value of one ``--set``: a YAML 1.2 scalar, list or mapping on one line."""
    return Document.read(f"value: {text}", origin, origin).data["value"]


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    told = " ".join(str(each) for each in (error.problem, error.context) if each)
    return f"no YAML: {told}"


def _refusal(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _refuse_deep_and_aliased(text: str) -> None:
    """Look at the events first, which takes no recursion: aliases can stand for more than any memory holds."""
    depth = 0
    for event in yaml.parse(text, Loader=CoreLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases (*name) are not used in scenarios; write the value again", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _refusal(f"nested deeper than {DEEPEST} levels", event)


def _position(text: str, length: int, document: Document, keys: str, origin: Mark) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < length):
        raise ScenarioError(
            document._located(origin, (), f"{keys}: {text!r} is no position in a list of {length}; count from 0")
        )
    return int(text)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value
