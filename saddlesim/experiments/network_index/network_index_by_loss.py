"""Network index by loss: critical points near runs of training, their index against their loss.

Not here: where walks begin (starts.py), how they go (walks.py), what is accepted (judging.py), figures (result.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saddlesim.experiments.base import LARGEST_COUNT, Block, LabelledArray, generator
from saddlesim.experiments.network_index.judging import OUTCOMES, Judged, judge
from saddlesim.experiments.network_index.merging import classes
from saddlesim.experiments.network_index.result import NetworkIndexByLossResult, summary_names
from saddlesim.experiments.network_index.starts import draw_starts
from saddlesim.experiments.network_index.walks import WALKS
from saddlesim.experiments.saddles import LARGEST_DIMENSION
from saddlesim.objectives import ObjectiveField
from saddlesim.objectives.networks.initialisation import InitialisationField
from saddlesim.objectives.networks.layered import LayeredNetwork
from saddlesim.parameters import Count, Label, NonNegative, NonNegativeInteger, Positive, as_plain, declared, excess
from saddlesim.problems import Problem

MethodName = Literal["newton", "minimum_residual", "eigenvector_following"]

MEANINGS = {
    "outcome": f"place of the outcome in {', '.join(OUTCOMES)}",
    "value": "loss at the end, weight decay included",
    "error": "fraction of samples misclassified there; nan where there are no classes",
    "morse_index": "negative eigenvalues there; -1 where it was lost",
    "nullity": "zero eigenvalues there",
    "margin": "factor by which the threshold of zero would have to move to change the inertia",
    "gradient_norm": "norm of the gradient there",
    "gradient_excess": "the same over what is allowed",
    "step_excess": "length of Newton's step on the range of the Hessian over what is allowed",
    "flatness": "|H g| / (|H| |g|)",
    "distance": "from the start",
}
OF_STARTS = {
    "training_step": "steps of training before the start",
    "noise": "added to the start, in root mean squares of its weights",
    "start_value": "loss at the start",
}


@declared
class NetworkIndexByLoss:
    """Do critical points of higher loss have more negative eigenvalues? Those of a network, near the paths of training.

    Dauphin et al. (2014) searched from points along training, and noisy copies of them, for critical points of any index, and saw
    the fraction of negative eigenvalues rise with the loss, as for random landscapes (Bray, Dean 2007). Frye et al. (2021) showed
    that such searches often stop where |gradient| has a minimum that is not zero, for grad |g|^2 / 2 = H g vanishes where g is
    in the null space of H. So here a point is accepted only if |g| <= 1e-10 max(1, |H| |x|) and Newton's step on the range of H
    is at most 1e-6 |x|; the refused are counted by reason and shown beside, copies under the network's symmetries count once,
    and three searches, each from all starts, tell how far the answer is the search's.

    It tells of points that these searches reach from these starts: no fair sample of all critical points, and the interval of
    the rank correlation takes the distinct ones for independent draws of what is reached.
    """

    network: ObjectiveField = Field(description="a layered network, such as {name: multilayer_perceptron, ...}")
    initialisations: dict[Label, InitialisationField] = Field(
        min_length=1, description="label: {name: ..., parameters}; runs of training use them in turn"
    )
    n_runs: Annotated[Count, Field(le=10_000)] = Field(default=8, description="runs of training")
    training_steps: Annotated[
        tuple[Annotated[NonNegativeInteger, Field(le=LARGEST_COUNT)], ...], Field(min_length=1)
    ] = Field(
        default=(0, 10, 30, 100, 300, 1000), description="of gradient descent, after which starts are taken; ascending"
    )
    learning_rate: Positive = Field(default=0.5, description="of the training")
    noise: Annotated[tuple[NonNegative, ...], Field(min_length=1)] = Field(
        default=(0.0, 0.3), description="added to starts, a copy each, in root mean squares of the weights"
    )
    methods: Annotated[tuple[MethodName, ...], Field(min_length=1)] = Field(
        default=("newton", "minimum_residual", "eigenvector_following"), description="searches, each from all starts"
    )
    n_steps: Annotated[Count, Field(le=100_000)] = Field(default=100, description="most steps of a search")
    longest_step: Positive = Field(default=1.0, description="in the space of weights")

    @property
    def result_class(self) -> type[NetworkIndexByLossResult]:
        return NetworkIndexByLossResult

    def check(self) -> list[Problem]:
        names = ("network", "training_steps", "methods", "n_runs", "noise")
        return self.check_parts({name: getattr(self, name) for name in names})

    @classmethod
    def check_parts(cls, parts: Mapping[str, Any]) -> list[Problem]:
        steps, methods = parts.get("training_steps", ()), parts.get("methods", ())
        wrong = [Problem(("network",), told)] if "network" in parts and (told := _unfit(parts["network"])) else []
        if list(steps) != sorted(set(steps)):
            wrong.append(Problem(("training_steps",), f"{list(steps)} must ascend"))
        if len(set(methods)) < len(methods):
            wrong.append(Problem(("methods",), f"{list(methods)}: each once"))
        if not wrong and "network" in parts and "n_runs" in parts:
            ends = parts["n_runs"] * len(steps) * len(parts.get("noise", ())) * len(methods)
            if told := excess(f"points and eigenvalues of {ends} walks", 2 * parts["network"].dimension * ends):
                wrong.append(
                    Problem(("n_runs",), f"{parts['n_runs']}: {told}; choose fewer runs, steps, noises or methods")
                )
        return wrong

    # ---- blocks: all walks of one method from the starts of one run of training

    def points(self) -> tuple[str, ...]:
        return self.methods

    def n_blocks(self, point: str) -> int:
        return self.n_runs

    def _initialisation(self, run: int) -> Any:
        return list(self.initialisations.values())[run % len(self.initialisations)]

    def block_inputs(self, point: str, block: int) -> dict[str, Any]:
        return {
            "experiment": "network_index_by_loss",
            "network": as_plain(self.network),
            "initialisation": as_plain(self._initialisation(block)),
            "run": block,
            "training_steps": list(self.training_steps),
            "learning_rate": self.learning_rate,
            "noise": list(self.noise),
            "method": point,
            "n_steps": self.n_steps,
            "longest_step": self.longest_step,
        }

    def run_block(self, point: str, block: int, seed: int) -> Block:
        network: Any = self.network
        starts = draw_starts(
            network,
            self._initialisation(block),
            self.training_steps,
            self.learning_rate,
            self.noise,
            generator(seed, block, 0),
        )
        ends = [WALKS[point](network, x, self.n_steps, self.longest_step) for x in starts.x.T]
        judged = [judge(network, x, start) for x, start in zip(ends, starts.x.T, strict=True)]
        x = np.stack(ends)
        with np.errstate(all="ignore"):  # walks that overflowed
            error = network.error(x.T) if hasattr(network, "error") else np.full(len(x), np.nan)
            distance = np.linalg.norm(x - starts.x.T, axis=1)
            start_value = network.value(starts.x)
        return {
            **{name: np.array([getattr(each, name) for each in judged]) for name in Judged._fields},
            "x": x,
            "error": error,
            "distance": distance,
            "training_step": starts.training_step,
            "noise": starts.noise,
            "start_value": start_value,
        }

    def reduce(self, blocks: Mapping[str, Sequence[Block]], seed: int) -> NetworkIndexByLossResult:
        def joined(name: str, method: str) -> NDArray[Any]:
            return np.concatenate([each[name] for each in blocks[method]])

        def of_all(name: str) -> NDArray[Any]:
            return np.stack([joined(name, method) for method in self.methods])

        axes, first = ("method", "start"), self.methods[0]
        x, eigenvalues, value, outcome = (of_all(name) for name in ("x", "eigenvalues", "value", "outcome"))
        critical_point, accepted = np.full(outcome.shape, -1), outcome == OUTCOMES.index("accepted")
        critical_point[accepted] = classes(x[accepted], value[accepted], eigenvalues[accepted])
        run = np.repeat(np.arange(self.n_runs), len(self.training_steps) * len(self.noise))
        arrays = {
            "method": LabelledArray(("method",), np.array(self.methods), "how critical points were searched for"),
            "run": LabelledArray(("start",), run, "run of training"),
            **{name: LabelledArray(("start",), joined(name, first), told) for name, told in OF_STARTS.items()},
            **{name: LabelledArray(axes, of_all(name), told) for name, told in MEANINGS.items()},
            "critical_point": LabelledArray(
                axes, critical_point, "number of the point, one for all copies; -1 if refused"
            ),
            "eigenvalues": LabelledArray((*axes, "eigenvalue"), eigenvalues, "of the Hessian at the end, ascending"),
            "x": LabelledArray((*axes, "component"), x, "where the walk ended"),
        }
        return NetworkIndexByLossResult(self, seed, arrays)

    def summary_names(self) -> tuple[str, ...]:
        return summary_names(self)

    @classmethod
    def examples(cls) -> tuple[NetworkIndexByLoss, ...]:
        data = {"name": "gaussian_mixture", "n_samples": 30}
        network = {"name": "multilayer_perceptron", "layers": [2, 2, 3], "data": data, "weight_decay": 0.01}
        small = {"name": "small", "scale": 0.5}
        return (cls(network=network, initialisations={"small": small}, n_runs=2, training_steps=(0, 30)),)  # type: ignore[arg-type]


def _unfit(network: Any) -> str:
    """Tell why critical points of an objective cannot be searched for here."""
    if not isinstance(network, LayeredNetwork):
        return f"{network} is no layered network; give a multilayer_perceptron, say"
    if network.dimension > LARGEST_DIMENSION:
        return f"{network.dimension} weights: whole Hessians are decomposed at every step; at most {LARGEST_DIMENSION}"
    if any(layer.activation == "relu" for layer in network.modules):
        return "relu has kinks, at which there is no Hessian; use tanh, softplus or another smooth activation"
    if network.loss != "squared_error" and network.weight_decay == 0:
        return f"weight_decay=0: the gradient of loss={network.loss} then vanishes at infinity; give 0.01, say"
    return ""
