"""Exact laws of the index: certified digits, by ball arithmetic. `EXACT_LAWS` holds them by the names of their ensembles."""

from saddlesim.random_matrices.exact.laws import (
    EXACT_LAWS,
    LARGEST_EXACT,
    eigenvalue_densities,
    index_distribution,
    index_mean_and_variance,
    log_probability_positive,
    p_spin_mean_counts,
    within_reach,
)

__all__ = [
    "EXACT_LAWS",
    "LARGEST_EXACT",
    "eigenvalue_densities",
    "index_distribution",
    "index_mean_and_variance",
    "log_probability_positive",
    "p_spin_mean_counts",
    "within_reach",
]
