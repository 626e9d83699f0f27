"""Rules of the house that no linter checks: who prints, what is never called, what must say what it is."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "saddlesim"
MODULES = sorted(PACKAGE.rglob("*.py"))
LARGEST = 400  # lines of a module

module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def called(tree):
    """Give the bare names of all functions that are called."""
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {each.id for each in functions if isinstance(each, ast.Name)}


def mentioned(tree):
    """Give every name, attribute, and part of an imported name."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                dotted = [getattr(node, "module", None) or "", *(alias.name for alias in aliases)]
                names.update(part for each in dotted for part in each.split("."))
    return names


def test_the_rules_see_through_imports_and_attributes():
    tree = ast.parse("import matplotlib.pyplot as p\nfrom sympy import sympify as s\nmath.exp(print(1))")
    assert called(tree) == {"print"}
    assert {"pyplot", "sympify", "exp", "math", "print"} <= mentioned(tree)


@module
def test_nothing_is_printed_outside_the_command_line(path):
    if "cli" not in path.relative_to(PACKAGE).parts:
        assert "print" not in mentioned(ast.parse(path.read_text()))


@module
def test_no_text_is_ever_executed(path):
    tree = ast.parse(path.read_text())
    assert called(tree).isdisjoint({"eval", "exec", "compile", "__import__"})
    assert mentioned(tree).isdisjoint({"sympify", "parse_expr", "unsafe_load", "full_load", "UnsafeLoader"})


@module
def test_pictures_are_drawn_without_pyplot(path):
    assert mentioned(ast.parse(path.read_text())).isdisjoint({"pyplot", "pylab"})


@module
def test_every_module_class_and_function_says_what_it_is(path):
    tree = ast.parse(path.read_text())
    definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    public = [each for each in tree.body if isinstance(each, definitions) and not each.name.startswith("_")]
    silent = [each.name for each in public if not ast.get_docstring(each)]
    assert ast.get_docstring(tree)
    assert silent == []


@module
def test_no_module_is_too_long(path):
    assert len(path.read_text().splitlines()) <= LARGEST
