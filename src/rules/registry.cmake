# The registry: the one list of rules. A line each: the rule's files, and the option structs they define.
set(THALWEG_REGISTRY
    "sgd SGD"
    "rmsprop RMSprop"
    "adam Adam AdamW AMSGrad"
    "nadam Nadam"
)
