"""Theory: closed forms on numbers. Used twice, as the dashed line in a picture and as the oracle of a test.

Notation: lambda a Hessian eigenvalue of a quadratic, gamma = -lambda > 0 an escape rate, eta a learning rate, c_t the
amplification, by which t steps multiply the component along an eigenvector. Which law applies when is said in
``experiments/laws/``; the derivations are a line each and given here.
"""

from saddlesim.theory.amplification import (
    Amplification,
    damped_newton_amplification,
    gradient_descent_amplification,
    heavy_ball_amplification,
    nesterov_amplification,
    newton_amplification,
    saddle_free_newton_amplification,
    two_root_amplification,
)
from saddlesim.theory.chains import octopus_dwell_ratio
from saddlesim.theory.distributions import (
    gaussian_escape_cdf,
    indefinite_form_tails,
    uniform_ball_escape_cdf,
    weighted_ball_escape_cdf,
    weighted_chi_square_tails,
    weighted_gaussian_escape_cdf,
)
from saddlesim.theory.flow import exponential_escape_time, power_escape_steps, power_escape_time
from saddlesim.theory.linear_networks import mode_half_time, mode_strength, mode_time
from saddlesim.theory.noise import neon_success_cdf, noisy_variance, power_iteration_contraction
from saddlesim.theory.passage import (
    cubic_newton_steps,
    first_passage_step,
    normalised_steps,
    quantile_step,
    sign_descent_distance,
    trust_region_steps,
)
from saddlesim.theory.stability import (
    divergence_probability,
    gradient_descent_learning_rate_limit,
    heavy_ball_learning_rate_limit,
    nesterov_learning_rate_limit,
    two_root_growth,
)

__all__ = [
    "Amplification",
    "cubic_newton_steps",
    "damped_newton_amplification",
    "divergence_probability",
    "exponential_escape_time",
    "first_passage_step",
    "gaussian_escape_cdf",
    "gradient_descent_amplification",
    "gradient_descent_learning_rate_limit",
    "heavy_ball_amplification",
    "heavy_ball_learning_rate_limit",
    "indefinite_form_tails",
    "mode_half_time",
    "mode_strength",
    "mode_time",
    "neon_success_cdf",
    "nesterov_amplification",
    "nesterov_learning_rate_limit",
    "newton_amplification",
    "noisy_variance",
    "normalised_steps",
    "octopus_dwell_ratio",
    "power_escape_steps",
    "power_escape_time",
    "power_iteration_contraction",
    "quantile_step",
    "saddle_free_newton_amplification",
    "sign_descent_distance",
    "trust_region_steps",
    "two_root_amplification",
    "two_root_growth",
    "uniform_ball_escape_cdf",
    "weighted_ball_escape_cdf",
    "weighted_chi_square_tails",
    "weighted_gaussian_escape_cdf",
]
