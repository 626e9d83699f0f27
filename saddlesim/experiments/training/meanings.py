"""Meanings: what the arrays of a training hold, in words."""

from __future__ import annotations

from saddlesim.experiments.training.approaches import PLACES

ALONG = {
    "loss": "objective",
    "gradient_norm": "Euclidean norm of the gradient of the whole objective",
    "error": "fraction of samples misclassified; nan where there are no classes",
}
OF_CURVATURE = {
    "lowest_eigenvalue": "of the Hessian",
    "highest_eigenvalue": "of the Hessian",
    "index": "negative eigenvalues, or an estimate of their number",
    "index_low": "lower end of its interval; the same where it is exact",
    "index_high": "upper end of its interval",
    "nullity": "zero eigenvalues; where the index is estimated, those too near zero to call",
    "margin": "factor by which the threshold of zero would have to move to change the inertia; nan for an estimate",
}
OF_PLATEAUS = {
    "first_step": "at which a plateau begins; -1: there is no such plateau",
    "last_step": "at which it ends",
    "flattest_step": "of the smallest gradient in it",
    "left": "whether the gradient grew again",
    "plateau_loss": "objective where the gradient is smallest",
    "plateau_gradient_norm": "gradient norm there",
    "place": f"what |gradient|^2 has its minimum at, from there: place in {', '.join(PLACES)}",
    "distance": "to it",
    "found_loss": "objective there",
    "found_gradient_norm": "gradient norm there",
    "gradient_excess": "the same over what is allowed of a critical point",
    "step_excess": "Newton's step there over what is allowed",
    "flatness": "|H g| / (|H| |g|) there",
    "found_index": "negative eigenvalues there",
    "found_nullity": "zero eigenvalues there",
}
