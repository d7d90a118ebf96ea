# The registry: the one list of rules. A line each: the rule's files, and the option structs they define.
set(THALWEG_REGISTRY
    "sgd SGD"
    "rmsprop RMSprop"
    "adagrad Adagrad"
    "adadelta Adadelta"
    "adam Adam AdamW AMSGrad"
    "adamax AdaMax"
    "nadam Nadam"
    "radam RAdam"
    "rprop Rprop"
    "lion Lion"
    "lamb LAMB"
    "lars LARS"
    "adafactor Adafactor"
)
