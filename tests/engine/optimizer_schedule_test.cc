// An Optimizer.
