"""Laws: which closed form of theory/ tells the escape step of (objective, optimizer, saddle, start), if any does."""

from saddlesim.experiments.laws.amplifications import predicted_gradient_norm
from saddlesim.experiments.laws.choice import law_for
from saddlesim.experiments.laws.law import Law

__all__ = ["Law", "law_for", "predicted_gradient_norm"]
