"""The experiment `landscape`: an objective cut through a point along eigenvectors of its Hessian there."""
