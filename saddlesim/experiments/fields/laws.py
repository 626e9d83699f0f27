"""Laws: which index the critical points of a Gaussian field have, and how high they lie, by the formula of Kac and Rice.

For covariance exp(-r^2 / (2 l^2)) in up to three dimensions, where all integrals have closed forms. The Hessian is
``(GOE - f) / l^2``, with off-diagonal variance 1 in the GOE and a standard normal value f, and independent of the gradient. At
critical points its determinant weights that law. To average f, ``E[f | H] = -l^2 tr H / (d + 2)`` leaves an integral over
eigenvalues. How many points there are: `random_matrices.field_counts`.
"""

from __future__ import annotations

import math

_ROOT = 6 * math.sqrt(6)
_RISE = 25 * math.sqrt(10 / (3 * math.pi))

# by dimension: which fraction of the critical points has index 0, ..., d
INDEX_FRACTIONS = {
    1: (1 / 2, 1 / 2),
    2: (1 / 4, 1 / 2, 1 / 4),
    3: ((29 - _ROOT) / 116, (29 + _ROOT) / 116, (29 + _ROOT) / 116, (29 - _ROOT) / 116),
}

# and the mean of the field at them, in its own standard deviations
MEAN_VALUES = {
    1: (-math.sqrt(math.pi / 6), math.sqrt(math.pi / 6)),
    2: (-4 / math.sqrt(3 * math.pi), 0.0, 4 / math.sqrt(3 * math.pi)),
    3: (-_RISE / (29 - _ROOT), -_RISE / (29 + _ROOT), _RISE / (29 + _ROOT), _RISE / (29 - _ROOT)),
}
