// Tree-structured Parzen estimator.
