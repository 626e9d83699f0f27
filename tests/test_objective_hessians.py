import numpy as np
import pytest
from scipy.stats import chisquare

from saddlesim.objectives import OBJECTIVES, Quadratic, expression
from saddlesim.problems import InvalidParameters
from saddlesim.random_matrices.network_hessians import NetworkHessian
from saddlesim.random_matrices.objective_hessians import ObjectiveHessian

DRAWS = 20_000


def generator(seed=0):
    return np.random.default_rng(seed)


class Bowl:
    """Somebody's own objective, without a domain."""

    def value(self, x):
        return (x * x).sum(axis=0) / 2

    def gradient(self, x):
        return x

    def hessian(self, x):
        return np.multiply.outer(np.eye(len(x)), np.ones(x.shape[1:]))


class BoundedBowl(Bowl):
    domain = ((-1, 1), (-1, 1), (-1, 1))


def areas(minors, half_width, n=1500):
    """Give the fractions of a square where a symmetric 2 x 2 matrix has index 0, 1, 2, by its minors on a fine grid."""
    middle = (np.arange(n) + 0.5) / n * 2 - 1
    leading, determinant = minors(*np.meshgrid(half_width * middle, half_width * middle))
    saddle = (determinant < 0).mean()
    return np.array([((determinant > 0) & (leading > 0)).mean(), saddle, ((determinant > 0) & (leading < 0)).mean()])


def rosenbrock(x, y):
    leading = 1200 * x**2 - 400 * y + 2
    return leading, 200 * leading - (400 * x) ** 2


def himmelblau(x, y):
    leading = 12 * x**2 + 4 * y - 42
    return leading, leading * (12 * y**2 + 4 * x - 26) - (4 * x + 4 * y) ** 2


@pytest.mark.parametrize(("name", "minors"), [("rosenbrock", rosenbrock), ("himmelblau", himmelblau)])
def test_indices_are_as_frequent_as_their_parts_of_the_domain(name, minors):
    objective = OBJECTIVES[name]()
    (low, high), *_ = objective.domain
    assert low == -high
    index = ObjectiveHessian(objective=objective).sample_index(DRAWS, generator(1))
    drawn, law = np.bincount(index, minlength=3), areas(minors, high)
    there = law > 1e-6
    assert not drawn[~there].any()
    assert chisquare(drawn[there], law[there] / law[there].sum() * DRAWS).pvalue > 1e-4


def test_a_quadratic_has_the_same_hessian_everywhere():
    ensemble = ObjectiveHessian(objective=Quadratic(eigenvalues=(3.0, 0.0, -1.0, -2.0)))
    assert ensemble.n == 4
    np.testing.assert_array_equal(ensemble.sample(5, generator()), np.tile(np.diag([3.0, 0.0, -1.0, -2.0]), (5, 1, 1)))
    negative, zero = ensemble.sample_inertia(5, generator())
    assert negative.tolist() == [2] * 5
    assert zero.tolist() == [1] * 5


def test_matrices_are_the_hessians_at_points_of_the_domain():
    objective = expression("x**3 + y**3/10", domain=((0, 1), (-3, 0)))
    matrices = ObjectiveHessian(objective=objective).sample(DRAWS, generator(2))
    x, y = matrices[:, 0, 0] / 6, matrices[:, 1, 1] / 0.6
    assert 0 <= x.min() < x.max() <= 1
    assert -3 <= y.min() < y.max() <= 0
    assert abs(x.mean() - 0.5) < 4.5 / np.sqrt(12 * DRAWS)
    assert abs(y.mean() + 1.5) < 3 * 4.5 / np.sqrt(12 * DRAWS)
    assert abs(np.corrcoef(x, y)[0, 1]) < 4.5 / np.sqrt(DRAWS)
    assert not matrices[:, 0, 1].any()


def test_another_size_is_the_same_family_in_that_dimension():
    ensemble = ObjectiveHessian(objective=OBJECTIVES["rosenbrock"]()).of_size(5)
    assert ensemble == ObjectiveHessian(objective=OBJECTIVES["rosenbrock"](dimension=5))
    assert ensemble.sample(3, generator()).shape == (3, 5, 5)


def test_a_size_that_the_objective_does_not_come_in_is_refused():
    ensemble = ObjectiveHessian(objective=OBJECTIVES["himmelblau"]())
    assert ensemble.of_size(2) == ensemble
    with pytest.raises(ValueError, match=r"himmelblau\(\) has dimension 2 and no field that makes it 3"):
        ensemble.of_size(3)


def test_an_objective_of_somebody_serves_if_it_has_a_domain():
    index = ObjectiveHessian(objective=BoundedBowl()).sample_index(10, generator())
    assert index.tolist() == [0] * 10
    with pytest.raises(InvalidParameters, match=r"objective: .*Bowl has no finite domain"):
        ObjectiveHessian(objective=Bowl())


def test_what_is_no_objective_is_refused():
    with pytest.raises(InvalidParameters, match=r"objective: .* is no objective"):
        ObjectiveHessian(objective=3)


def test_too_many_dimensions_are_refused():
    with pytest.raises(InvalidParameters, match=r"has dimension 5001, above 5000"):
        ObjectiveHessian(objective=OBJECTIVES["rosenbrock"](dimension=5001))


def test_a_hessian_that_is_not_there_is_refused():
    ensemble = ObjectiveHessian(objective=OBJECTIVES["octopus"]())  # a tunnel: most of the box is outside
    with pytest.raises(ValueError, match=r"the Hessian of octopus\(.*\) is not finite at \d+ of 50 random points"):
        ensemble.sample_index(50, generator())


def test_a_kink_is_never_hit():
    assert ObjectiveHessian(objective=expression("abs(x)*x + y**2")).sample_index(1000, generator()).max() == 1


# ---- networks


def linear_network():
    return OBJECTIVES["two_layer_linear_network"](target_singular_values=(3, 2, 1), hidden=3)


def test_signs_of_a_linear_network_are_certain_where_training_begins_and_ends():
    start = NetworkHessian(network=linear_network(), initialisation={"name": "small", "scale": 1e-4})
    inertia = start.sample_inertia(50, generator())
    np.testing.assert_array_equal(inertia.negative, 9)  # hidden x modes
    end = NetworkHessian(
        network=linear_network(), initialisation=start.initialisation, n_steps=1500, learning_rate=0.05
    )
    inertia = end.sample_inertia(20, generator())
    np.testing.assert_array_equal(inertia.negative, 0)
    np.testing.assert_array_equal(inertia.zero, 9)  # W_2 A^-1 A W_1, A (3, 3)


def test_a_network_without_steps_has_the_hessian_at_its_first_weights():
    made = NetworkHessian.examples()[0]
    x = made.initialisation.draw(made.network, 4, generator(5))
    np.testing.assert_array_equal(made.sample(4, generator(5)), np.moveaxis(made.network.hessian(x), -1, 0))


def test_training_that_diverges_has_no_signs():
    made = NetworkHessian(network=linear_network(), n_steps=200, learning_rate=10.0)
    with pytest.raises(ValueError, match="is not finite at 3 of 3 random points"):
        made.sample(3, generator())


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"network": {"name": "himmelblau"}}, "himmelblau() is no network: it has no layers"),
        ({"network": {"name": "multilayer_perceptron", "layers": [2, 4000, 2]}}, "weights, above"),
        ({"n_steps": -1}, "n_steps"),
        ({"n_steps": 10**12}, "n_steps: 1000000000000 must be at most 100000000"),
    ],
)
def test_network_hessians_that_cannot_be_are_refused(fields, told):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        NetworkHessian(**{"network": linear_network(), **fields})
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_the_size_of_a_network_is_its_own():
    made = NetworkHessian(network=linear_network())
    assert made.of_size(18) is made
    with pytest.raises(ValueError, match="has 18 weights"):
        made.of_size(17)
