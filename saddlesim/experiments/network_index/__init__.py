"""Network index: at which loss the critical points of a network lie, and how many of their eigenvalues are negative."""
