"""Scenarios: what is read, how every mistake is told, and that the library's own files hold what they promise."""

import contextlib
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlesim.objectives import OBJECTIVES
from saddlesim.optimizers import OPTIMIZERS
from saddlesim.parameters import as_plain
from saddlesim.runs import run
from saddlesim.scenario import Scenario, ScenarioError, json_schema, load_scenario, parse_scenario

REPOSITORY = Path(__file__).parents[1]
REAL_DATA = ("digits", "iris", "wine", "breast_cancer")
FILES = sorted((REPOSITORY / "scenarios").glob("*.yaml"))

SMALL = """\
version: 1
title: Small
experiment:
  name: escape
  objective: {name: quadratic, eigenvalues: [1, -1]}
  saddle: [0, 0]
  start: {name: gaussian, scale: 1e-6}
  optimizers:
    gd: {name: gradient_descent, learning_rate: 0.1}
  escape_radius: 1
  n_steps: 200
  n_lanes: 50
expect:
  - {name: optimizers.gd.median_escape_step, value: 150, tolerance: 3}
"""


def changed(old, new, text=SMALL):
    assert text.count(old) == 1
    return text.replace(old, new)


def error_of(text, **options):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, "a.yaml", **options)
    return str(caught.value)


# ---- what is read


def test_yaml_is_read_as_version_1_2():
    scenario = parse_scenario(changed("title: Small", "title: on"))
    assert scenario.title == "on"
    assert scenario.experiment.start.scale == 0.000001


@pytest.mark.parametrize(("written", "read"), [("1e2", 100), ("0x1F", 31), ("0o17", 15), ("+7", 7)])
def test_whole_numbers_may_be_spelt_in_many_ways(written, read):
    assert parse_scenario(changed("n_lanes: 50", f"n_lanes: {written}")).experiment.n_lanes == read


def test_a_scenario_is_named_for_its_file_unless_it_says_otherwise(tmp_path):
    path = tmp_path / "my scenario.yaml"
    path.write_text(SMALL)
    assert load_scenario(path).name == "my-scenario"
    path.write_text(SMALL + "name: other\n")
    assert load_scenario(path).name == "other"


# ---- one mistake, one message: @ marks where the caret must point

MISTAKES = [
    ("title: Small", "title: Small\n@title: Again", "title", "stands twice, first in line 2; remove one"),
    ("title: Small", "title: Small\n@seeed: 1", "seeed", "unknown key; did you mean 'seed'?"),
    ("title: Small", "title: @1.5", "title", "1.5 is no text; put it in quotes"),
    ("version: 1", "version: @2", "version", "2 is not allowed; must be 1"),
    ("  name: escape", "  name: @escpe", "experiment.name", "'escpe' is no experiment; did you mean 'escape'?"),
    ("  name: escape\n  obj", "  @obj", "experiment", "this experiment has no name; allowed: escape"),
    ("name: quadratic", "name: @zzz", "experiment.objective.name", "'zzz' is no objective; allowed: quadratic, "),
    ("[1, -1]", "[1, @x]", "experiment.objective.eigenvalues[1]", "'x' is no number"),
    ("saddle: [0, 0]", "@sadle: [0, 0]", "experiment.sadle", "unknown key; did you mean 'saddle'?"),
    ("[0, 0]", "@5", "experiment.saddle", "coordinates [..., ...], by the label of a known point or by {find: [..."),
    ("[0, 0]", "{@fnd: [0, 0]}", "experiment.saddle.fnd", "unknown key; did you mean 'find'?"),
    ("[0, 0]", "@saddl", "experiment.saddle", "has no known critical point 'saddl'; did you mean 'saddle'?"),
    ("[0, 0]", "@[0, 0, 0]", "experiment.saddle", "has 3 components but quadratic(eigenvalues=(1.0, -1.0)) has dimen"),
    ("[0, 0]", "@[1, 0]", "experiment.saddle", "|gradient| = 1; the nearest critical point found is the saddle at [0,"),
    ("start: {name: gaussian, scale: 1e-6}", "@start: {name: gaussian}", "experiment.start", "key 'scale' is missing"),
    ("scale: 1e-6", "scale: 1, @scale: 2", "experiment.start.scale", "stands twice, first in line 7; remove one"),
    ("1e-6}", "@-1e-6}", "experiment.start.scale", "-1e-06 must be positive"),
    (
        "{name: gaussian, scale: 1e-6}",
        "@{name: point, x: [3, 4]}",
        "experiment.start",
        "the start is 5 from the saddle",
    ),
    ("{name: gaussian, scale: 1e-6}", "@{name: point, x: [3]}", "experiment.start", "has 1 components but the saddle"),
    ("{name: gaussian, scale: 1e-6}", "@{name: point}", "experiment.start", "given by x or by offset, one of them"),
    ("gd:", "@g d:", "experiment.optimizers.g d", "may hold only letters, digits, - and _"),
    ("{name: gradient_descent, ", "@{", "experiment.optimizers.gd", "this optimizer has no name; allowed: gradient_"),
    ("gradient_descent", "@heavybal", "experiment.optimizers.gd.name", "no optimizer; did you mean 'heavy_ball'?"),
    ("0.1}", "@-0.1}", "experiment.optimizers.gd.learning_rate", "-0.1 must be positive"),
    ("learning_rate", "@learningrate", "experiment.optimizers.gd.learningrate", "did you mean 'learning_rate'?"),
    ("escape_radius: 1", "escape_radius: @.inf", "experiment.escape_radius", "inf must be finite"),
    ("n_steps: 200", "n_steps: @20.5", "experiment.n_steps", "20.5 is no whole number"),
    ("n_lanes: 50", "n_lanes: @1:30", "experiment.n_lanes", "'1:30' is no whole number"),
    ("n_lanes: 50", "n_lanes: @true", "experiment.n_lanes", "True is no whole number"),
    (
        "optimizers.gd.median",
        "@optimizers.gd.medan",
        "expect[0].name",
        "no figure 'optimizers.gd.medan_escape_step'; did you mean 'me",
    ),
    (
        "optimizers.gd.med",
        "@optimizers.gx.med",
        "expect[0].name",
        "no figure 'optimizers.gx.median_escape_step'; did you mean 'optimizers.",
    ),
    (
        "_escape_step, value: 150, tolerance: 3",
        "_final_value, value: 0, z: @3",
        "expect[0].z",
        "no standard error; give a tolerance instead",
    ),
    ("tolerance: 3", "tolerance: @-3", "expect[0].tolerance", "-3 must not be negative"),
    ("tolerance: 3", "@tol: 3", "expect[0].tol", "unknown key; did you mean 'tolerance'?"),
    ("- {name", "- @{z: 1, name", "expect[0]", "tolerance and z are given; give one of tolerance, relative_tolerance"),
    (
        "{name: optimizers.gd.median_escape_step, value: 150, tolerance: 3}",
        "@{name: saddle.value, value: .nan}",
        "expect[0]",
        "cannot be expected to be nan; null or .inf means never",
    ),
]


def located(text):
    """Take the mark out of a text; give the text, and line and column of the mark from 1."""
    before, _, after = text.partition("@")
    return before + after, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


@pytest.mark.parametrize(("old", "new", "path", "told"), MISTAKES, ids=[each[1] for each in MISTAKES])
def test_a_mistake_is_one_located_message_with_the_line_and_a_caret(old, new, path, told):
    text, line, column = located(changed(old, new))
    message, source, caret = error_of(text).split("\n")
    assert message.startswith(f"a.yaml:{line}:{column}: {path}: ")
    assert told in message
    assert source == f"    {text.splitlines()[line - 1]}"
    assert caret == f"    {' ' * (column - 1)}^"


def test_a_wide_line_is_shown_around_the_caret():
    text, line, column = located(changed("learning_rate: 0.1", f"{' ' * 300}learning_rate: @-0.1"))
    message, source, caret = error_of(text).split("\n")
    assert message.startswith(f"a.yaml:{line}:{column}: ")
    assert len(source) < 200
    assert source[caret.index("^") :].startswith("-0.1}")


def test_a_minimum_is_no_saddle_and_the_message_names_the_saddles():
    text = changed("{name: quadratic, eigenvalues: [1, -1]}", "{name: himmelblau}")
    message = error_of(changed("[0, 0]", "minimum_1", text)).split("\n")[0]
    assert message.startswith("a.yaml:6:11: experiment.saddle: [")
    assert "is a minimum of himmelblau(), no saddle: |gradient| = " in message
    assert message.endswith("its known saddles: saddle_1, saddle_2, saddle_3, saddle_4")


def test_a_point_that_is_not_critical_is_told_its_gradient_and_the_nearest_critical_point():
    text = changed("{name: quadratic, eigenvalues: [1, -1]}", "{name: strict_saddle_toy}")
    message = error_of(changed("[0, 0]", "[0.3, 0.9]", text)).split("\n")[0]
    gradient_norm = (0.3**2 + (0.9 - 0.9**3) ** 2) ** 0.5
    assert f"|gradient| = {gradient_norm:.3g}; the nearest critical point found is the minimum at [0, 1]; " in message
    assert message.endswith("{find: [0.3, 0.9]} would polish it")


def test_the_stable_eigenspace_is_refused_where_lanes_would_leave_it():
    text = changed("{name: quadratic, eigenvalues: [1, -1]}", "{name: himmelblau}")
    text = changed("[0, 0]", "saddle_1", text)
    text, line, column = located(changed("{name: gaussian, scale: 1e-6}", "@{name: stable_eigenspace}", text))
    message = error_of(text).split("\n")[0]
    assert message.startswith(f"a.yaml:{line}:{column}: experiment.start: himmelblau() does not declare")
    assert message.endswith("start from a point instead: {name: point, x: [..., ...]}")


# ---- many mistakes at once


def test_all_mistakes_of_structure_and_of_numbers_are_told_at_once_and_in_order():
    text = SMALL
    for old, new in [
        ("title: Small", "titel: Small"),
        ("saddle: [0, 0]", "saddle: [1, 0]"),  # a number: no critical point
        ("learning_rate: 0.1", "learning_rate: -0.1"),
        ("n_steps: 200", "n_steps: 20.5"),
        ("n_lanes: 50", "n_lanes: 50\n  n_lanes: 60"),
    ]:
        text = changed(old, new, text)
    told = [line for line in error_of(text).split("\n") if line.startswith("a.yaml:")]
    assert [line.split(": ")[:2] for line in told] == [
        ["a.yaml:2:1", "titel"],
        ["a.yaml:6:11", "experiment.saddle"],
        ["a.yaml:9:49", "experiment.optimizers.gd.learning_rate"],
        ["a.yaml:11:12", "experiment.n_steps"],
        ["a.yaml:13:3", "experiment.n_lanes"],
    ]


def test_a_wrong_expectation_is_told_together_with_a_wrong_number():
    text = changed("[0, 0]", "[1, 0]", changed("median_escape_step", "median_escape_stp"))
    told = [line for line in error_of(text).split("\n") if line.startswith("a.yaml:")]
    assert [line.split(": ")[1] for line in told] == ["experiment.saddle", "expect[0].name"]


# ---- what is no scenario at all


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a.yaml: the file is empty; a scenario needs version, title and experiment"),
        ("# nothing\n", "a.yaml: the file is empty; a scenario needs version, title and experiment"),
        ("- 1\n", "a.yaml:1:1: a scenario is a mapping with the keys version, title and experiment"),
        ("just text", "a.yaml:1:1: a scenario is a mapping with the keys version, title and experiment"),
        ("version: 1\n\ttitle: x", "a.yaml:2:1: no YAML: found character '\\t' that cannot start any token"),
        ("title: [1, 2", "a.yaml:1:13: no YAML: "),
        ("a: 1\n---\na: 2\n", "a.yaml:2:1: no YAML: "),
        ("a: &x 1\nb: *x\n", "a.yaml:2:4: no YAML: aliases (*name) are not used in scenarios"),
        ("[" * 100_000, "a.yaml:1:51: no YAML: nested deeper than 50 levels"),
        ("{a: " * 25_000, "a.yaml:1:201: no YAML: nested deeper than 50 levels"),
        ("version: " + "1" * 5000, "a.yaml:1:10: no YAML: a number of 5000 characters"),
        ("a" * 1_000_001, "a.yaml: 1000001 characters; a scenario has at most 1000000"),
        ("title: \x00", "a.yaml:1:8: no YAML: "),
        ("title: !!int x", "a.yaml:1:8: no YAML: "),
        ("title: !!bool x", "a.yaml:1:8: no YAML: "),
        ("title: !unheard x", "a.yaml:1:8: no YAML: "),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_scenario_is_told_in_one_line(text, told):
    message = error_of(text)
    assert message.startswith(told)
    assert len(message) < 500


@pytest.mark.parametrize("content", [b"title: \xff\xfe", "title: Gr\xf6\xdfe".encode("latin-1")])
def test_bytes_that_are_no_utf8_are_told(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"a\.yaml: not UTF-8 text: .* at byte \d+$"):
        load_scenario(path)


def test_a_folder_is_no_scenario(tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        load_scenario(tmp_path)


@pytest.mark.parametrize(
    "attack",
    [
        "!!python/object/apply:os.system ['touch {victim}']",
        "!!python/object/apply:subprocess.check_call [['touch', '{victim}']]",
        "!!python/object/new:os.system ['touch {victim}']",
        "!!python/name:os.system",
        "!!python/module:antigravity",
        "!!python/tuple [1]",
    ],
)
def test_a_python_tag_is_refused_and_nothing_is_executed(tmp_path, attack):
    written = attack.format(victim=tmp_path / "victim")
    with pytest.raises(ScenarioError):
        parse_scenario(written)
    with pytest.raises(ScenarioError):
        parse_scenario(changed("title: Small", f"title: {written}"))
    assert not (tmp_path / "victim").exists()


@given(st.text() | st.text("[]{}:,-?!&*#|>%@'\"\n\t 1a.", max_size=40))
def test_random_text_is_a_scenario_error_and_nothing_else(text):
    with pytest.raises(ScenarioError):
        parse_scenario(text)


def places(data, path=()):
    yield path
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield from places(value, (*path, key))


def put(data, path, value):
    """Give the data with a value in another's place, or under a key where there was none."""
    if not path:
        return value
    made = data.copy()
    made[path[0]] = put(data.get(path[0]) if isinstance(data, dict) else data[path[0]], path[1:], value)
    return made


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1e9, 1e9) | st.text(max_size=5)
NAMES = st.sampled_from(["name", "find", "x", "offset", "himmelblau", "newton", "point", "saddle", "[key]", "\x1f"])
VALUES = st.recursive(
    SCALARS | NAMES | st.just({"name": "double_well", "dimension": 2}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
WHOLE = yaml.safe_load(SMALL) | {"reduced": {"experiment.n_lanes": 5}}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))[1:]), VALUES), min_size=1, max_size=3))
def test_a_scenario_with_anything_in_anyones_place_is_valid_or_a_scenario_error(changes):
    data = WHOLE
    for path, value in sorted(changes, key=lambda each: -len(each[0])):
        data = put(data, path, value)
    with contextlib.suppress(ScenarioError):
        parse_scenario(yaml.safe_dump(data, allow_unicode=True))


# ---- overrides


def test_an_override_is_read_as_yaml_and_put_over_the_file():
    overrides = [
        "experiment.n_lanes=1e2",
        "experiment.objective.eigenvalues.1=-2",
        "experiment.optimizers.hb={name: heavy_ball, learning_rate: 0.1, momentum: 0.9}",
        "title=a = b",
        "expect.0.value=70",
    ]
    scenario = parse_scenario(SMALL, overrides=overrides)
    assert scenario.experiment.n_lanes == 100
    assert scenario.experiment.objective.eigenvalues == (1.0, -2.0)
    assert scenario.experiment.optimizers["hb"].momentum == 0.9
    assert scenario.title == "a = b"
    assert scenario.expect[0].value == 70


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("experiment.n_lanes=-1", "experiment.n_lanes: -1 must be positive"),
        ("experiment.saddle=[1, 0]", "experiment.saddle: [1, 0] is no critical point of quadratic"),
        ("experiment.n_lnes=1", "experiment.n_lnes: unknown key; did you mean 'n_lanes'?"),
        ("experiment.optimizer.gd.learning_rate=1", "there is no experiment.optimizer; did you mean 'optimizers'?"),
        ("experiment.objective.eigenvalues.2=1", "'2' is no position in a list of 2; count from 0"),
        ("experiment.objective.eigenvalues.x=1", "'x' is no position in a list of 2; count from 0"),
        ("title.x=1", "title holds no keys"),
        ("experiment.n_lanes=[1", "no YAML: "),
        ("experiment.n_lanes=!!int x", "no YAML: "),
        ("experiment.n_lanes=\x00", "no YAML: "),
        ("reduced={experiment.n_lanes: 0}", "experiment.n_lanes: 0 must be positive"),
        ("experiment.n_lanes", "must be key=value, such as experiment.n_lanes=500"),
        ("=1", "must be key=value, such as experiment.n_lanes=500"),
    ],
)
def test_a_wrong_override_is_told_where_it_was_made(override, told):
    message = error_of(SMALL, overrides=[override])
    assert message.startswith(f"--set {override}: ")
    assert told in message
    assert "a.yaml" not in message


def test_a_problem_that_the_override_did_not_make_is_told_in_the_file():
    message = error_of(changed("learning_rate: 0.1", "learning_rate: -0.1"), overrides=["experiment.n_lanes=5"])
    assert message.startswith("a.yaml:9:49: experiment.optimizers.gd.learning_rate: -0.1 must be positive")


# ---- reduced values


def test_reduced_values_are_put_over_the_file_when_asked_for():
    text = SMALL + "reduced: {experiment.n_lanes: 5, experiment.objective.eigenvalues.1: -3}\n"
    assert parse_scenario(text).experiment.n_lanes == 50
    small = parse_scenario(text, reduced=True).experiment
    assert (small.n_lanes, small.objective.eigenvalues) == (5, (1.0, -3.0))


@pytest.mark.parametrize("reduced", [False, True])
def test_reduced_values_are_checked_even_when_not_asked_for(reduced):
    text, line, column = located(SMALL + "reduced: {experiment.n_lanes: @0}\n")
    message = error_of(text, reduced=reduced)
    assert message.startswith(f"a.yaml:{line}:{column}: experiment.n_lanes: 0 must be positive")


def test_overrides_come_before_the_reduced_values():
    text = SMALL + "reduced: {experiment.n_lanes: 5}\n"
    small = parse_scenario(text, overrides=["experiment.n_lanes=9", "experiment.n_steps=7"], reduced=True).experiment
    assert (small.n_lanes, small.n_steps) == (5, 7)


# ---- round trip, schema and the library


def test_a_scenario_spelt_plainly_is_the_same_scenario():
    text = SMALL + "  - {name: optimizers.gd.law_distance, value: .inf}\nreduced: {experiment.n_lanes: 5}\nseed: 7\n"
    scenario = parse_scenario(text, name="small")
    again = parse_scenario(yaml.safe_dump(as_plain(scenario)))
    assert isinstance(again, Scenario)
    assert again == scenario


@pytest.fixture
def _its_library(path):
    """Skip a scenario of real data where the library that brings them is not installed."""
    if any(f"name: {data}" in path.read_text() for data in REAL_DATA):
        pytest.importorskip("sklearn")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("_its_library")
def test_a_scenario_of_the_library_spelt_plainly_is_the_same(path):
    scenario = load_scenario(path)
    assert parse_scenario(yaml.safe_dump(as_plain(scenario))) == scenario


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_of_the_library_tells_editors_where_its_schema_is(path):
    comment, _, schema = path.read_text().splitlines()[0].partition("$schema=")
    assert comment == "# yaml-language-server: "
    assert json.loads((path.parent / schema).read_text())["title"] == "Scenario"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("_its_library")
def test_a_scenario_of_the_library_meets_its_expectations_at_reduced_size(path, tmp_path):
    scenario = load_scenario(path, reduced=True)
    assert scenario.expect
    done = run(scenario, jobs=1, out=tmp_path)
    assert [check for check in done.expect if not check.passed] == []


def test_the_schema_bounds_numbers_in_its_own_words():
    text = json.dumps(json_schema())
    assert not any(f'"{word}": {digit}' in text for word in ("gt", "ge", "lt", "le") for digit in range(10))
    named = [each["properties"] for each in find(json_schema(), "oneOf") if "properties" in each]
    rule = next(each for each in named if each.get("name") == {"const": "heavy_ball"})
    assert rule["learning_rate"]["exclusiveMinimum"] == 0
    assert rule["momentum"] | {"minimum": 0, "exclusiveMaximum": 1} == rule["momentum"]


def find(schema, key):
    """All that stands in lists under a key, however deep."""
    if isinstance(schema, list):
        return [each for part in schema for each in find(part, key)]
    if not isinstance(schema, dict):
        return []
    return [*schema.get(key, []), *(each for part in schema.values() for each in find(part, key))]


def test_the_schema_tells_each_registry_once_and_refers_to_it():
    schema = json_schema()
    referred = re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema))
    assert set(referred) <= schema["$defs"].keys()
    assert referred.count("objective") > 5
    for noun, registry in (("objective", OBJECTIVES), ("optimizer", OPTIMIZERS)):
        offered = [each["properties"]["name"]["const"] for each in schema["$defs"][noun]["oneOf"]]
        assert offered == [name for name in registry if name in registry.builtin]


def test_the_committed_schema_is_the_one_the_code_gives():
    committed = json.loads((REPOSITORY / "schema" / "scenario.schema.json").read_text())
    assert committed == json.loads(json.dumps(json_schema()))


def test_the_schema_knows_every_key_that_a_scenario_of_the_library_uses():
    schema = json_schema()
    names = {name for definition in schema["$defs"].values() for name in definition.get("properties", {})}
    experiments = {each["properties"]["name"]["const"]: each for each in schema["properties"]["experiment"]["oneOf"]}
    for path in FILES:
        data = yaml.safe_load(path.read_text())
        assert data.keys() <= schema["properties"].keys()
        assert data["experiment"].keys() <= experiments[data["experiment"]["name"]]["properties"].keys()
        assert {key for each in data["expect"] for key in each} <= names
