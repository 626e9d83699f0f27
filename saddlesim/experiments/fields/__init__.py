"""Fields: all critical points of drawn Gaussian landscapes, held against the formula of Kac and Rice."""
