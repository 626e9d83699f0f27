"""Modules: what networks are made of. Each file is one map and its closed-form derivatives, functions of arrays alone.

Samples are rows: X is (..., S, n), leading axes are lanes and broadcast. What makes an array, as rows of numbers do, serves
everywhere; what does not fit, and a mean over no samples, is refused with a line. A map has `forward`; `backward`, which takes
dL/dY to dL/dX and what else it depends on; `tangent`, which takes directions to dY; and `backward_tangent`, the derivative of
`backward` along those directions (Pearlmutter's R operator). Chained, the last two give exact Hessian products, `tangent` and
`backward` Gauss-Newton products. A loss ends the chain: `forward` (...), `backward` and `hessian_product` by its inputs.

Pearlmutter, Fast exact multiplication by the Hessian, Neural Comput. 6 (1994) 147; Schraudolph, Fast curvature matrix-vector
products for second-order gradient descent, Neural Comput. 14 (2002) 1723 (both recalled).
"""

from saddlesim.objectives.networks.modules import (
    activation,
    cross_entropy,
    linear,
    logistic,
    softmax,
    softmax_cross_entropy,
    squared_error,
)

__all__ = ["activation", "cross_entropy", "linear", "logistic", "softmax", "softmax_cross_entropy", "squared_error"]
