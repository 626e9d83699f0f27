"""Growth: the degree of an expression, and a bound on how much there is to write in its first and second derivatives.

What is bounded is what differentiation leaves as it stands: products are multiplied together, sums stay factors.
"""

from __future__ import annotations

from typing import NamedTuple


class Growth(NamedTuple):
    """What a subexpression grows to. Numbers over derivatives are summed over all components, and over all pairs of them.

    Attributes
    ----------
    degree : int
        Of a polynomial; a function counts as a variable.
    variables : int
        A bit for each component that stands in it.
    is_sum : bool
    width : int
        How many factors it is.
    terms, terms_twice : int
        How many products its derivatives, and second derivatives, are sums of.
    first, second : int
        How many factors these have together.
    inner : int
        What the second derivatives of its factors take, and of the factors of those.
    hyperbolic : int
        How many sinh, cosh and tanh stand in each other; SymPy's time is exponential in that.
    """

    degree: int
    variables: int
    is_sum: bool = False
    width: int = 1
    terms: int = 0
    terms_twice: int = 0
    first: int = 0
    second: int = 0
    inner: int = 0
    hyperbolic: int = 0

    @property
    def work(self) -> int:
        """How many factors the Hessian has, that of what is inside included."""
        return self.inner + self.second

    def plus(self, other: Growth) -> Growth:
        """Give the growth of a sum."""
        variables = self.variables | other.variables
        n = variables.bit_count()
        inner = sum(each.inner if each.is_sum else each.work for each in (self, other))
        deepest = max(self.hyperbolic, other.hyperbolic)
        return Growth(max(self.degree, other.degree), variables, True, 1, n, n * n, n, n * n, inner, deepest)

    def times(self, other: Growth) -> Growth:
        """Give the growth of a product or a quotient."""
        return Growth(
            degree=self.degree + other.degree,
            variables=self.variables | other.variables,
            width=self.width + other.width,
            terms=self.terms + other.terms,
            terms_twice=self.terms_twice + other.terms_twice + 2 * self.terms * other.terms,
            first=self.first + self.terms * other.width + other.first + other.terms * self.width,
            second=self.second
            + self.terms_twice * other.width
            + other.second
            + other.terms_twice * self.width
            + 2 * (self.first * other.terms + other.first * self.terms),
            inner=self.inner + other.inner,
            hyperbolic=max(self.hyperbolic, other.hyperbolic),
        )

    def of(self, degree: int, width: int = 1) -> Growth:
        """Give the growth of a function of it, or of a power, by f'' u_i u_j + f' u_ij."""
        n = self.variables.bit_count()
        return Growth(
            degree,
            self.variables,
            width=width,
            terms=n,
            terms_twice=n * n + self.terms_twice,
            first=self.first + n,
            second=n * n + 2 * n * self.first + self.terms_twice + self.second,
            inner=self.work,
            hyperbolic=self.hyperbolic,
        )


NUMBER = Growth(0, 0)


def variable(place: int) -> Growth:
    """Give the growth of a component."""
    return Growth(1, 1 << place, terms=1, first=1)
