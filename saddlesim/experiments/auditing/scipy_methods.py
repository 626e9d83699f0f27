"""SciPy's methods: every derivative-based one of `scipy.optimize.minimize`, with its own defaults and stopping rule.

SciPy is imported when one runs; what it takes is a table, so that a scenario is checked without it.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.auditing.stopping import Ends
from saddlesim.experiments.evaluations import CountedObjective
from saddlesim.objectives import Objective
from saddlesim.parameters import Real, declared
from saddlesim.problems import InvalidParameters, Problem, suggestion

Method = Literal[
    "CG",
    "BFGS",
    "L-BFGS-B",
    "Newton-CG",
    "TNC",
    "SLSQP",
    "trust-constr",
    "dogleg",
    "trust-ncg",
    "trust-krylov",
    "trust-exact",
]
METHOD_NAMES: tuple[str, ...] = get_args(Method)

_TRUST_REGION = ("initial_trust_radius", "max_trust_radius", "eta", "gtol", "maxiter")
_BARRIER = ("initial_constr_penalty", "initial_tr_radius", "initial_barrier_parameter", "initial_barrier_tolerance")
OPTIONS: dict[str, tuple[str, ...]] = {  # those that are numbers, and neither print nor differentiate
    "CG": ("gtol", "norm", "maxiter", "c1", "c2"),
    "BFGS": ("gtol", "norm", "maxiter", "xrtol", "c1", "c2"),
    "L-BFGS-B": ("maxcor", "ftol", "gtol", "maxfun", "maxiter", "maxls"),
    "Newton-CG": ("xtol", "maxiter", "c1", "c2"),
    "TNC": ("maxCGit", "eta", "stepmx", "accuracy", "minfev", "ftol", "xtol", "gtol", "rescale", "maxfun"),
    "SLSQP": ("maxiter", "ftol"),
    "trust-constr": ("xtol", "gtol", "barrier_tol", "maxiter", *_BARRIER),
    **dict.fromkeys(("dogleg", "trust-ncg", "trust-krylov", "trust-exact"), _TRUST_REGION),
}
LONGEST_MESSAGE = 200


@declared
class Scipy:
    """A method of scipy.optimize.minimize, without bounds, that stops when it wants to and says whether it succeeded."""

    method: Method = Field(description="its name in SciPy")
    options: dict[str, Real] = Field(
        default={}, description="SciPy's options of this method; by default SciPy's defaults"
    )

    def __post_init__(self) -> None:
        unknown = [name for name in self.options if name not in OPTIONS[self.method]]
        if unknown:
            raise InvalidParameters(
                Problem(
                    ("options", name), f"is no option of {self.method}{suggestion(name, OPTIONS[self.method])}", True
                )
                for name in unknown
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """The second derivatives that it is given: products where it works with them, else the matrix."""
        if self.method in ("Newton-CG", "trust-ncg", "trust-krylov"):
            return ("hessian_product",)
        return ("hessian",) if self.method.startswith(("trust", "dogleg")) else ()

    def run(self, objective: Objective, x0: NDArray[np.float64]) -> Ends:
        """Run it from each of the starts x0, (d, B), until it stops. Nothing that it raises or warns of goes further."""
        ends = [self._run_from(objective, start) for start in x0.T]
        x, claimed, raised, message, step, evaluations = zip(*ends, strict=True)
        return Ends(
            np.stack(x, axis=1),
            np.array(claimed),
            np.array(raised),
            np.array(message),
            np.array(step, dtype=np.int32),
            np.array(evaluations, dtype=np.int32).T,
        )

    def _run_from(self, objective: Objective, start: NDArray[np.float64]) -> tuple[Any, ...]:
        from scipy.optimize import minimize

        counted = CountedObjective(objective)
        last = start

        def gradient(x: NDArray[np.float64]) -> NDArray[np.float64]:
            nonlocal last
            last = np.array(x)
            return counted.gradient(x)

        second = {"hessian": "hess", "hessian_product": "hessp"}
        derivatives = {second[name]: getattr(counted, name) for name in self.needs}
        options = {name: int(each) if each.is_integer() else each for name, each in self.options.items()}
        with warnings.catch_warnings(record=True) as warned, np.errstate(all="ignore"):
            warnings.simplefilter("always")
            try:
                found = minimize(
                    lambda x: float(counted.value(x)),
                    start.copy(),
                    jac=gradient,
                    method=self.method,
                    options=options,
                    **derivatives,
                )
            except Exception as error:  # whatever it dies of is its answer
                told = f"{type(error).__name__}: {error}"
                return last, False, True, _one_line(told), -1, counted.evaluations
        told = "; ".join([str(found.message), *sorted({str(each.message) for each in warned})])
        x = np.asarray(found.x, dtype=np.float64)
        return x, bool(found.success), False, _one_line(told), int(found.get("nit", -1)), counted.evaluations


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_MESSAGE] or "no message"
