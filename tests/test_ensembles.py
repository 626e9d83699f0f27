"""Every example of every ensemble of the registry: what all of them promise."""

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.stats import binomtest, chi2, ks_2samp
from threadpoolctl import threadpool_limits

from saddlesim.objectives import OBJECTIVES
from saddlesim.objectives.networks.initialisation import INITIALISATIONS
from saddlesim.parameters import as_plain
from saddlesim.problems import InvalidParameters
from saddlesim.random_matrices import ENSEMBLES, Ensemble, EnsembleField
from saddlesim.registry import snake_case
from saddlesim.spectrum import classify

EXAMPLES = [each for cls in ENSEMBLES.values() for each in cls.examples()]
SIZED = [cls for cls in ENSEMBLES.values() if "n" in cls.__pydantic_fields__]
WITHOUT_LAW = {  # at least at some sizes
    "diagonal_plus_noise",
    "equal_variances",
    "isotropic_field_at_level",
    "network_hessian",
    "objective_hessian",
    "rademacher",
    "sparse",
    "spiked",
    "wigner_plus_wishart",
}
WITHOUT_DENSITY = {"network_hessian", "objective_hessian", "sparse"}
UNLIKELY = 1e-6  # a p-value below which a fixed seed is no excuse, among some hundred tests of whatever is drawn next


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small matrices are slower with two."""
    with threadpool_limits(1):
        yield


@pytest.fixture(params=EXAMPLES, ids=str)
def ensemble(request):
    return request.param


def generator(seed=0):
    return np.random.default_rng(seed)


def counted(index, n):
    return np.bincount(index, minlength=n + 1)


def pooled(expected, *counts):
    """Merge neighbouring classes until each is expected at least eight times."""
    groups, total = [[]], 0.0
    for k, mean in enumerate(expected):
        groups[-1].append(k)
        total += mean
        if total >= 8 and sum(expected[k + 1 :]) >= 8:
            groups.append([])
            total = 0.0
    return [np.array([each[group].sum() for group in groups]) for each in (expected, *counts)]


def test_matrices_are_hermitian_and_of_their_size(ensemble):
    matrices = ensemble.sample(7, generator())
    assert matrices.shape == (7, ensemble.n, ensemble.n)
    assert matrices.dtype in (np.float64, np.complex128)
    np.testing.assert_allclose(matrices, matrices.conj().swapaxes(1, 2), rtol=1e-12, atol=1e-12)


def test_spectra_ascend(ensemble):
    spectra = ensemble.sample_spectrum(50, generator())
    assert spectra.shape == (50, ensemble.n)
    assert spectra.dtype == np.float64
    assert (np.diff(spectra, axis=1) >= 0).all()


def test_inertias_are_counts(ensemble):
    negative, zero = ensemble.sample_inertia(50, generator())
    assert negative.shape == zero.shape == (50,)
    assert negative.dtype == zero.dtype == np.int64
    assert (negative >= 0).all()
    assert (zero >= 0).all()
    assert (negative + zero <= ensemble.n).all()


def test_none_may_be_drawn(ensemble):
    assert ensemble.sample(0, generator()).shape == (0, ensemble.n, ensemble.n)
    assert ensemble.sample_spectrum(0, generator()).shape == (0, ensemble.n)
    assert ensemble.sample_index(0, generator()).shape == (0,)


@pytest.mark.parametrize("name", ["sample", "sample_spectrum", "sample_inertia", "sample_index"])
def test_what_is_no_number_of_samples_or_no_generator_is_refused(ensemble, name):
    for wrong in (-1, 2.5, True, "3"):
        with pytest.raises(ValueError, match=rf"n_samples={wrong!r}: must be whole, 0 or more"):
            getattr(ensemble, name)(wrong, generator())
    for wrong in (None, 3):
        with pytest.raises(TypeError, match=rf"rng={wrong}: must be a numpy.random.Generator, such as"):
            getattr(ensemble, name)(1, wrong)


def test_what_an_ensemble_knows_is_what_it_gives(ensemble):
    given = [each is not None for each in (ensemble.index_distribution(), ensemble.log_probability_positive())]
    assert list(ensemble.knows) == given


@pytest.mark.parametrize(
    ("name", "parameters", "known"),
    [
        ("goe", {"n": 101}, (False, False)),
        ("shifted_goe", {"n": 3, "shift": 101.0}, (False, False)),
        ("isotropic_field", {"n": 31}, (False, False)),
        ("beta_ensemble", {"n": 150, "beta": 0.5}, (False, True)),
        ("rademacher", {"n": 9}, (False, True)),
        ("spiked", {"n": 2}, (False, False)),
    ],
)
def test_what_is_out_of_reach_is_not_known(name, parameters, known):
    ensemble = ENSEMBLES[name](**parameters)
    assert ensemble.knows == known
    assert (ensemble.index_distribution() is not None, ensemble.log_probability_positive() is not None) == known


def test_what_is_drawn_depends_on_the_generator_alone(ensemble):
    for draw in (ensemble.sample, ensemble.sample_spectrum, ensemble.sample_index):
        assert draw(20, generator(3)).tobytes() == draw(20, generator(3)).tobytes()
    assert ensemble.sample(20, generator(3)).tobytes() != ensemble.sample(20, generator(4)).tobytes()
    negative, _ = ensemble.sample_inertia(20, generator(3))
    np.testing.assert_array_equal(ensemble.sample_index(20, generator(3)), negative)


def test_matrices_spectra_and_indices_are_of_the_same_law(ensemble):
    n, n_samples = ensemble.n, 4000
    dense = np.linalg.eigvalsh(ensemble.sample(n_samples, generator(1)))
    spectra = ensemble.sample_spectrum(n_samples, generator(2))
    for k in {0, n // 2, n - 1}:
        if np.ptp(dense[:, k]) > 1e-9:  # no eigenvalue that is zero by construction
            assert ks_2samp(dense[:, k], spectra[:, k], method="asymp").pvalue > UNLIKELY
    direct = counted(ensemble.sample_index(n_samples, generator(3)), n)
    for each in (dense, spectra):
        a, b = counted(classify(each).index, n), direct
        mean, a, b = pooled((a + b) / 2, a, b)
        assert chi2.sf(((a - b) ** 2 / (2 * mean)).sum(), max(1, len(mean) - 1)) > UNLIKELY


def test_the_exact_law_of_the_index_is_that_of_samples(ensemble):
    law = ensemble.index_distribution()
    if law is None:
        assert ensemble.registry_key in WITHOUT_LAW
        return
    assert law.shape == (ensemble.n + 1,)
    assert (law >= 0).all()
    assert law.sum() == pytest.approx(1, abs=1e-11)
    n_samples = 20_000
    drawn = counted(ensemble.sample_index(n_samples, generator(5)), ensemble.n)
    assert not drawn[law == 0].any()
    expected, drawn = pooled(law * n_samples, drawn)
    assert chi2.sf(((drawn - expected) ** 2 / expected).sum(), max(1, len(drawn) - 1)) > UNLIKELY


def test_the_exact_probability_of_a_minimum_is_that_of_samples(ensemble):
    logarithm = ensemble.log_probability_positive()
    if logarithm is None:
        assert ensemble.registry_key in WITHOUT_LAW
        return
    negative, zero = ensemble.sample_inertia(20_000, generator(6))
    n_minima = int(((negative == 0) & (zero == 0)).sum())
    assert binomtest(n_minima, 20_000, float(np.exp(logarithm))).pvalue > UNLIKELY


def test_the_density_of_eigenvalues_and_the_zeros_are_all_there_is(ensemble):
    u = (np.arange(20_000) + 0.5) / 10_000 - 1
    reach = 12 * np.sqrt(ensemble.n)
    density = ensemble.spectral_density(reach * u**3)  # many points near zero, where it may be unbounded
    if density is None:
        assert ensemble.registry_key in WITHOUT_DENSITY
        return
    assert (density >= 0).all()
    mass = (density * 3 * reach * u * u).sum() / 10_000
    always_zero = ensemble.sample_inertia(100, generator()).zero.min() / ensemble.n
    assert mass + always_zero == pytest.approx(1, abs=2e-3)


def test_an_ensemble_has_other_sizes(ensemble):
    assert ensemble.of_size(ensemble.n) == ensemble
    if type(ensemble) in SIZED:
        larger = ensemble.of_size(7)
        assert larger.n == 7
        assert {**vars(larger), "n": 0} == {**vars(ensemble), "n": 0}
        assert larger.sample_spectrum(3, generator()).shape == (3, 7)


@pytest.mark.parametrize("cls", SIZED, ids=lambda cls: cls.registry_key)
@pytest.mark.parametrize("n", [0, -1, 2.5, 100_001, "many"])
def test_a_size_that_is_none_is_refused(cls, n):
    with pytest.raises(InvalidParameters, match=r"^n: "):
        cls(n=n)


def test_an_ensemble_is_the_call_that_it_prints(ensemble):
    assert eval(str(ensemble), {**ENSEMBLES, **OBJECTIVES, **INITIALISATIONS}) == ensemble


def test_an_ensemble_is_the_mapping_that_a_scenario_holds(ensemble):
    plain = as_plain(ensemble)
    assert plain["name"] == snake_case(type(ensemble).__name__)
    assert TypeAdapter(EnsembleField).validate_python(plain) == ensemble


def test_an_ensemble_says_what_it_is_and_where_it_comes_from(ensemble):
    assert isinstance(ensemble, Ensemble)
    assert type(ensemble).__doc__.count("\n") >= 3
    assert ensemble.source


def test_keys_are_names_of_classes():
    for key, cls in ENSEMBLES.items():
        assert key == snake_case(cls.__name__) == cls.registry_key
        assert cls.examples()
