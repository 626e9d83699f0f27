"""Training: runs of optimizers with the curvature along the way, their plateaus, and what critical points these are near."""
