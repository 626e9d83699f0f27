"""Signs: how many eigenvalues of a random matrix are negative, counted, and held against exact laws and against the coin."""
