"""Auditing: optimizers stopped by their own rule or a declared one, and what they claim held against the Hessian there."""
