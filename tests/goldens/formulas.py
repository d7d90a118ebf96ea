"""The rules once more in NumPy, for check.py: each gives the step that is subtracted, and changes the state columns.

`o` holds the options in thalweg's words, `t` is the number of the step, from 1. Those for which a parameter is more
than its elements (SHAPED) are given one parameter at a time, in its shape, and return what it is after the step.
"""

import numpy as np


def sgd(o, state, g, t, lr):
    if o["momentum"] == 0:
        return lr * g
    inside = lr if o.get("lr_in_momentum") else 1
    share = 1 if "b" not in state and not o.get("dampen_first_step") else 1 - o.get("dampening", 0)
    state["b"] = o["momentum"] * state.get("b", 0) + inside * share * g
    u = inside * g + o["momentum"] * state["b"] if o["nesterov"] else state["b"]
    return u if o.get("lr_in_momentum") else lr * u


def rmsprop(o, state, g, t, lr):
    a = o.get("alpha")
    correction = 1 - a**t if o.get("bias_correction") else 1
    state["v"] = a * state["v"] + (1 - a) * g * g
    spread = state["v"] / correction
    if o.get("centered"):
        state["m"] = a * state.get("m", 0) + (1 - a) * g
        spread = np.maximum(spread - (state["m"] / correction) ** 2, 0)
    u = g / (np.sqrt(spread + o["eps"]) if o.get("eps_inside") else np.sqrt(spread) + o["eps"])
    u = u * lr if o.get("lr_in_momentum") else u
    if o["momentum"] > 0:
        state["b"] = o["momentum"] * state.get("b", 0) + u
        u = u + o["momentum"] * state["b"] if o.get("nesterov") else state["b"]
    return u if o.get("lr_in_momentum") else lr * u


def adagrad(o, state, g, t, lr):
    state["v"] = state["v"] + g * g
    d = np.sqrt(state["v"] + o["eps"]) if o.get("eps_inside") else np.sqrt(state["v"]) + o["eps"]
    return lr / (1 + (t - 1) * o.get("lr_decay", 0)) * g / np.where(d == 0, np.inf, d)


def adadelta(o, state, g, t, lr):
    rho, eps, u = o["rho"], o["eps"], state.get("u", 0)
    state["v"] = rho * state["v"] + (1 - rho) * g * g
    delta = np.sqrt(u + eps) / np.sqrt(state["v"] + eps) * g
    state["u"] = rho * u + (1 - rho) * delta**2
    return lr * delta


def moments(o, state, g):
    state["m"] = o["beta1"] * state.get("m", 0) + (1 - o["beta1"]) * g
    state["v"] = o["beta2"] * state["v"] + (1 - o["beta2"]) * g * g


def corrected_mean(o, state, g, t):
    def c1(t):
        return 1 - o["beta1"] ** t if o.get("correct_mean", True) else 1

    if o.get("nesterov"):
        next_step = t if o.get("nesterov_same_step") else t + 1
        return o["beta1"] * state["m"] / c1(next_step) + (1 - o["beta1"]) * g / c1(t)
    return state["m"] / c1(t)


def adam(o, state, g, t, lr, scale=1):
    moments(o, state, g)
    spread, c2 = state["v"], 1 - o["beta2"] ** t if o.get("correct_spread", True) else 1
    if o.get("amsgrad"):
        new = spread / c2 if o.get("maximum_of_corrected") else spread
        state["x"] = np.maximum(state.get("x", 0), new)
        spread = state["x"] * c2 if o.get("maximum_of_corrected") else state["x"]
    if o.get("eps_before_correction"):
        d = (np.sqrt(spread + o.get("eps_root", 0)) + o["eps"]) / np.sqrt(c2)
    else:
        d = np.sqrt(spread / c2 + o.get("eps_root", 0)) + o["eps"]
    return lr * scale * corrected_mean(o, state, g, t) / d


def amsgrad(o, state, g, t, lr):
    return adam({"amsgrad": True} | o, state, g, t, lr)


def radam(o, state, g, t, lr):
    power = o["beta2"] ** t
    limit = 2 / (1 - o["beta2"]) - 1
    n = limit - 2 * t * power / (1 - power)
    if n > o["threshold"] or (o["threshold_inclusive"] and n == o["threshold"]):
        r = np.sqrt((n - 4) * (n - 2) * limit / ((limit - 4) * (limit - 2) * n))
        return adam(o, state, g, t, lr, scale=r)
    moments(o, state, g)
    return lr * corrected_mean(o, state, g, t)


def nadam(o, state, g, t, lr):
    def mu(t):
        return o["beta1"] * (1 - 0.5 * 0.96 ** (t * o["momentum_decay"]) if o["momentum_schedule"] else 1)

    moments(o, state, g)
    product = np.prod([mu(i) for i in range(1, t + 1)])
    mean = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * state["m"] / (1 - product * mu(t + 1))
    return lr * mean / (np.sqrt(state["v"] / (1 - o["beta2"] ** t) + o.get("eps_root", 0)) + o["eps"])


def adamax(o, state, g, t, lr):
    state["m"] = o["beta1"] * state.get("m", 0) + (1 - o["beta1"]) * g
    inside, beside = (0, o["eps"]) if o.get("eps_beside") else (o["eps"], 0)
    state["u"] = np.maximum(o["beta2"] * state.get("u", 0), np.abs(g) + inside)
    correction = 1 - o["beta1"] ** t if o.get("correct_mean", True) else 1
    return lr / correction * state["m"] / (state["u"] + beside)


def rprop(o, state, g, t, lr):
    sign = np.sign(g) * np.sign(state.get("prev", 0))
    factor = np.where(sign > 0, o["eta_plus"], np.where(sign < 0, o["eta_minus"], 1))
    state["step"] = np.clip(state.get("step", lr) * factor, o["step_min"], o["step_max"])
    state["prev"] = np.where(sign < 0, 0, g)
    return state["step"] * np.sign(state["prev"])


def lion(o, state, g, t, lr):
    m = state.get("m", 0)
    state["m"] = o["beta2"] * m + (1 - o["beta2"]) * g
    return lr * np.sign(o["beta1"] * m + (1 - o["beta1"]) * g)


RULES = {f.__name__: f for f in (sgd, rmsprop, adagrad, adadelta, adam, amsgrad, radam, nadam, adamax, rprop, lion)}
RULES["adamw"] = adam


def norm(x):
    return np.sqrt(np.sum(x * x))


def rms(x):
    return np.sqrt(np.mean(x * x))


def lamb(o, state, theta, g, t, lr):
    theta = theta * (1 - lr * o["weight_decay"] if o.get("decoupled_weight_decay") else 1)
    state["m"] = o["beta1"] * state.get("m", 0) + (1 - o["beta1"] if o.get("grad_averaging", True) else 1) * g
    state["v"] = o["beta2"] * state.get("v", 0) + (1 - o["beta2"]) * g * g
    c1, c2 = (1 - o[beta] ** t if o.get("correct_bias", True) else 1 for beta in ("beta1", "beta2"))
    u = state["m"] / c1 / (np.sqrt(state["v"] / c2 + o.get("eps_root", 0)) + o["eps"])
    u = u + (0 if o.get("decoupled_weight_decay") else o["weight_decay"]) * theta
    if o["weight_decay"] != 0 or o["always_adapt"]:
        ratio = norm(theta) / norm(u) if norm(theta) > 0 and norm(u) > 0 else 1
        u = u * (min(ratio, 1) if o.get("trust_clip") else ratio)
    return theta - lr * u


def lars(o, state, theta, g, t, lr):
    u = g + o["weight_decay"] * theta
    if o["weight_decay"] != 0 or o["always_adapt"]:
        size = norm(u) if o["norm_of_sum"] else norm(g)
        below = size + o["eps"] + (0 if o["norm_of_sum"] else o["weight_decay"] * norm(theta))
        ratio = o["trust_coefficient"] * norm(theta) / below if norm(theta) > 0 and size > 0 else 1
        u = u * (min(ratio / lr, 1) if o.get("trust_clip") else ratio)
    return theta - sgd({"dampening": 0} | o, state, u, t, lr)


def adafactor(o, state, theta, g, t, lr):
    if o.get("decay_first"):
        theta = theta * (1 - lr * o["weight_decay"])
    k = (t - o.get("decay_offset", 0)) ** o["beta2_decay"]
    rate = min(lr * t if o.get("warmup_init") else lr, t**-0.5) if o["relative_step"] else lr
    if o["scale_parameter"]:
        rate = rate * max(o["eps2"], rms(theta))
    square = g * g + (o["eps1"] if o["eps_inside"] else 0)
    if g.ndim > 1 and min(g.shape[-2:]) >= o.get("min_dim_size_to_factor", 0) and o.get("factored", True):
        state["r"] = (1 - k) * state.get("r", 0) + k * square.mean(axis=-1)
        state["c"] = (1 - k) * state.get("c", 0) + k * square.mean(axis=-2)
        mean = state["r"].mean(axis=-1)[..., None, None]
        mean = mean if o["eps_inside"] else np.maximum(mean, o["eps1"])
        square = state["r"][..., :, None] / mean * state["c"][..., None, :]
    else:
        square = state["v"] = (1 - k) * state.get("v", 0) + k * square
    u = g / np.sqrt(square if o["eps_inside"] else np.maximum(square, o["eps1"] ** 2))
    if o["clip_threshold"] > 0:
        u = u / max(1, rms(u) / o["clip_threshold"])
    u = rate * u
    if o["momentum"] > 0:
        u = state["m"] = o["momentum"] * state.get("m", 0) + (1 - o["momentum"]) * u
    decay = 0 if o.get("decay_first") else o["weight_decay"]
    return theta - u - decay * (1 if o.get("decay_without_lr") else rate if o.get("decay_with_scale") else lr) * theta


SHAPED = {f.__name__: f for f in (lamb, lars, adafactor)}
