"""Registries, constructors and their errors, and the plain spelling of what they made."""

import json
import threading

import numpy as np
import pytest

from saddlesim import registry
from saddlesim.experiments import EXPERIMENTS, Escape
from saddlesim.experiments.starts import STARTS, Gaussian, Point
from saddlesim.objectives import OBJECTIVES, Quadratic
from saddlesim.objectives.wells import DoubleWell
from saddlesim.optimizers import OPTIMIZERS, GradientDescent, HeavyBall, NoisyGradientDescent
from saddlesim.parameters import as_plain
from saddlesim.problems import InvalidParameters, nearest
from saddlesim.registry import Registry

REGISTRIES = (OBJECTIVES, OPTIMIZERS, STARTS, EXPERIMENTS)
ENTRIES = [(each, key) for each in REGISTRIES for key in each]


# ---- registries


@pytest.mark.parametrize(("entries", "key"), ENTRIES, ids=[key for _, key in ENTRIES])
def test_a_registry_key_is_the_class_name_in_snake_case(entries, key):
    cls = entries[key]
    assert key == key.lower()
    assert key.replace("_", "") == cls.__name__.lower()
    capitals = iter(each.lower() for each in cls.__name__ if each.isupper())
    assert all(word[0] in capitals for word in key.split("_"))  # each word begins at one; acronyms are one word
    assert cls.registry_key == key


class Installed:
    """What some package adds."""


class EntryPoint:
    """An entry point as importlib.metadata gives them."""

    def __init__(self, name, loaded):
        self.name, self.value, self.loaded = name, f"somebody.package:{name}", loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def install(monkeypatch):
    """Give a function that pretends to install entry points in a group."""

    def pretend(group, *points):
        monkeypatch.setattr(registry, "entry_points", lambda *, group: installed.get(group, ()))
        installed[group] = points

    installed = {}
    return pretend


def test_an_installed_class_is_registered_but_not_built_in(install):
    install("saddlesim.start_laws", EntryPoint("installed", Installed))
    entries = Registry("start law", [Gaussian])
    entries.load_entry_points()
    assert entries == {"gaussian": Gaussian, "installed": Installed}
    assert entries.builtin == {"gaussian"}


def test_an_entry_point_that_does_not_load_only_warns(install):
    install("saddlesim.optimizers", EntryPoint("broken", ImportError("no module")), EntryPoint("fine", Installed))
    entries = Registry("optimizer", [])
    with pytest.warns(UserWarning, match="optimizer 'broken' of somebody.package:broken does not load: no module"):
        entries.load_entry_points()
    assert entries == {"fine": Installed}


def test_an_entry_point_cannot_take_a_built_in_name(install):
    install("saddlesim.start_laws", EntryPoint("gaussian", Installed))
    entries = Registry("start law", [Gaussian])
    with pytest.warns(UserWarning, match="claims the built-in start law 'gaussian'; ignored"):
        entries.load_entry_points()
    assert entries == {"gaussian": Gaussian}


def test_a_name_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(KeyError, match="'himmelbau' is no objective; did you mean 'himmelblau'"):
        OBJECTIVES["himmelbau"]
    assert OBJECTIVES.get("himmelbau") is None


# ---- what a constructor takes


@pytest.mark.parametrize("given", [2, np.float64(2), np.float32(2), np.int8(2), np.array(2.0)])
def test_a_number_may_be_pythons_or_numpys(given):
    made = GradientDescent(learning_rate=given)
    assert made == GradientDescent(learning_rate=2.0)
    assert type(made.learning_rate) is float


@pytest.mark.parametrize("given", [[4, -1], (4.0, -1.0), np.array([4, -1]), np.array([4, -1], dtype=np.float32)])
def test_a_vector_may_be_a_list_a_tuple_or_an_array(given):
    made = Quadratic(eigenvalues=given)
    assert made.eigenvalues == (4.0, -1.0)
    assert [type(each) for each in made.eigenvalues] == [float, float]
    hash(made)  # frozen, and of plain values


@pytest.mark.parametrize("given", [10_000, 1e4, np.float64(1e4), np.int64(10_000)])
def test_a_whole_number_may_be_written_as_1e4(given):
    made = DoubleWell(dimension=given)
    assert made.dimension == 10_000
    assert type(made.dimension) is int


def test_parts_may_be_objects_or_mappings_with_a_name():
    parts = {"saddle": [0, 0], "escape_radius": 1, "n_steps": 10}
    objects = Escape(
        objective=Quadratic(), start=Gaussian(scale=0.1), optimizers={"gd": GradientDescent(learning_rate=0.1)}, **parts
    )
    mappings = Escape(
        objective={"name": "quadratic"},
        start={"name": "gaussian", "scale": 0.1},
        optimizers={"gd": {"name": "gradient_descent", "learning_rate": 0.1}},
        **parts,
    )
    assert objects == mappings


def test_a_made_object_does_not_change():
    with pytest.raises(AttributeError):
        GradientDescent(learning_rate=0.1).learning_rate = 0.2


# ---- what it refuses, and how


@pytest.mark.parametrize(
    ("cls", "given", "told"),
    [
        (GradientDescent, {"learning_rate": -0.1}, "learning_rate: -0.1 must be positive"),
        (GradientDescent, {"learning_rate": 0}, "learning_rate: 0 must be positive"),
        (GradientDescent, {"learning_rate": float("nan")}, "learning_rate: nan must be finite"),
        (GradientDescent, {"learning_rate": float("inf")}, "learning_rate: inf must be finite"),
        (GradientDescent, {"learning_rate": "0.1"}, "learning_rate: '0.1' is no number"),
        (GradientDescent, {"learning_rate": True}, "learning_rate: True is no number"),
        (GradientDescent, {}, "the key 'learning_rate' is missing"),
        (GradientDescent, {"learning_rte": 0.1}, "learning_rte: unknown key; did you mean 'learning_rate'?"),
        (DoubleWell, {"depth": 1}, "depth: unknown key; allowed: dimension"),
        (HeavyBall, {"learning_rate": 0.1, "momentum": 1}, "momentum: 1 must be below 1"),
        (HeavyBall, {"learning_rate": 0.1, "momentum": -1}, "momentum: -1 must not be negative"),
        (DoubleWell, {"dimension": 1.5}, "dimension: 1.5 is no whole number"),
        (DoubleWell, {"dimension": True}, "dimension: True is no whole number"),
        (DoubleWell, {"dimension": 0}, "dimension: 0 must be positive"),
        (Quadratic, {"eigenvalues": []}, "eigenvalues: [] has too few entries; at least 1"),
        (Quadratic, {"eigenvalues": [1, "a"]}, "eigenvalues[1]: 'a' is no number"),
        (OBJECTIVES["multilayer_perceptron"], {"layers": ["a", 2]}, "layers[0]: 'a' is no whole number"),
        (
            OBJECTIVES["multilayer_perceptron"],
            {"layers": ["a"]},
            "layers[0]: 'a' is no whole number\nlayers: ['a'] has too few entries; at least 2",
        ),
        (OBJECTIVES["multilayer_perceptron"], {"layers": "abc"}, "layers: 'abc' is no list; write [..., ...]"),
        (OBJECTIVES["multilayer_perceptron"], {"layers": 3}, "layers: 3 is no list; write [..., ...]"),
        (Quadratic, {"eigenvalues": 1.0}, "eigenvalues: 1.0 is no list; write [..., ...]"),
        (Quadratic, {"eigenvalues": np.array(1.0)}, "eigenvalues: array(1.) is no list; write [..., ...]"),
        (Point, {}, "a point is given by x or by offset, one of them"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_told_in_our_words(cls, given, told):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        cls(**given)
    assert str(caught.value) == told


def test_all_wrong_arguments_are_told_at_once():
    with pytest.raises(InvalidParameters) as caught:
        HeavyBall(learning_rate=-1, momentum=2, nesterov=True)
    assert {each.path for each in caught.value.problems} == {("learning_rate",), ("momentum",), ("nesterov",)}
    assert len(str(caught.value).splitlines()) == 3


def test_a_misspelt_required_key_is_one_problem_and_not_two():
    with pytest.raises(InvalidParameters) as caught:
        HeavyBall(learning_rte=0.1, momentum=0.9)
    assert [each.path for each in caught.value.problems] == [("learning_rte",)]


def test_a_misspelt_key_of_a_nested_mapping_is_one_problem_too():
    with pytest.raises(InvalidParameters) as caught:
        Escape(
            objective=Quadratic(),
            saddle=[0, 0],
            start=Gaussian(scale=0.1),
            optimizers={"gd": {"name": "gradient_descent", "learning_rte": 0.1}},
            escape_radius=1,
            n_steps=10,
        )
    assert str(caught.value) == "optimizers.gd.learning_rte: unknown key; did you mean 'learning_rate'?"


def test_positional_arguments_are_refused_with_the_names_to_use():
    with pytest.raises(TypeError, match="HeavyBall takes keyword arguments only; allowed: learning_rate, momentum"):
        HeavyBall(0.1, 0.9)


def test_the_nearest_name_is_the_most_alike_or_the_one_that_begins_so():
    assert nearest("heavyball", ["adam", "heavy_ball"]) == "heavy_ball"
    assert nearest("perturbed", ["adam", "perturbed_gradient_descent"]) == "perturbed_gradient_descent"
    assert nearest("xyz", ["adam", "heavy_ball"]) is None


# ---- plain spelling


def test_a_nested_object_is_spelt_as_a_scenario_would():
    made = Escape(
        objective=Quadratic(eigenvalues=(2, -1), angle=0.5),
        saddle={"find": [0.1, 0]},
        start=Gaussian(scale=0.1),
        optimizers={"it": NoisyGradientDescent(learning_rate=0.1, noise=0.9)},
        escape_radius=1,
        n_steps=10,
    )
    assert as_plain(made) == {
        "name": "escape",
        "objective": {"name": "quadratic", "eigenvalues": [2.0, -1.0], "angle": 0.5, "seed": None},
        "saddle": {"find": [0.1, 0.0]},
        "start": {"name": "gaussian", "scale": 0.1},
        "optimizers": {"it": {"name": "noisy_gradient_descent", "learning_rate": 0.1, "noise": 0.9}},
        "escape_radius": 1.0,
        "n_steps": 10,
        "n_lanes": 1000,
        "n_recorded_lanes": 64,
        "block_size": 5000,
        "sweep": None,
        "fits": {},
    }
    json.dumps(as_plain(made))


@pytest.mark.parametrize(("entries", "key"), ENTRIES, ids=[key for _, key in ENTRIES])
def test_the_plain_spelling_makes_an_equal_object(entries, key):
    cls = entries[key]
    examples = cls.examples() if hasattr(cls, "examples") else [made for made in _STARTS if type(made) is cls]
    if not examples and hasattr(cls, "extra"):
        pytest.skip(f"needs the extra {cls.extra}")
    assert examples
    for example in examples:
        plain = json.loads(json.dumps(as_plain(example)))
        assert plain.pop("name") == key
        assert cls(**plain) == example


_STARTS = [
    *(STARTS[name](scale=1) for name in ("gaussian", "uniform_ball", "uniform_cube", "stable_eigenspace")),
    Point(x=(1, 2)),
]


class Bowl:
    """Somebody's own objective."""

    def __init__(self, depth):
        self.depth = depth

    def value(self, x):
        return self.depth * (x * x).sum(axis=0)

    def gradient(self, x):
        return 2 * self.depth * x

    def hessian(self, x):
        return 2 * self.depth * np.eye(len(x)).reshape(len(x), len(x), *(1,) * (x.ndim - 1)) + 0 * x


def test_a_foreign_object_is_spelt_by_its_class_and_a_digest_of_its_content():
    spelt = as_plain(Bowl(1.0))
    assert spelt["object"] == f"{__name__}:Bowl"
    assert as_plain(Bowl(1.0)) == spelt
    assert as_plain(Bowl(2.0))["digest"] != spelt["digest"]


def test_a_foreign_object_that_cannot_be_pickled_is_refused():
    made = Bowl(1.0)
    made.lock = threading.Lock()
    with pytest.raises(TypeError, match="cannot be pickled, so its runs cannot be stored"):
        as_plain(made)


def test_an_object_without_the_methods_is_no_objective():
    with pytest.raises(ValueError, match=r"objective: .* is no objective; give a mapping with a name"):
        Escape(
            objective=object(),
            saddle=[0, 0],
            start=Gaussian(scale=0.1),
            optimizers={"gd": GradientDescent(learning_rate=0.1)},
            escape_radius=1,
            n_steps=10,
        )
