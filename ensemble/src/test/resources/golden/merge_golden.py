"""Makes merge.json: small random models and what each merge method gives, in float64.

The definitions are written from the papers and from mergekit's documentation, in numpy and
independently of the Java. Run: python3 merge_golden.py > merge.json
"""
import json
import numpy as np

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
SHAPES = {"model.layers.0.mlp.up_proj.weight": (12, 10), "model.norm.weight": (16,)}
WEIGHTS = [0.5, 0.3, 0.2]
SEED = 42


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def dice(name, model, count):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & MASK
    key = mix((mix(mix((SEED + GAMMA) & MASK) ^ h) + (model + 1) * GAMMA) & MASK)
    return np.array([(mix((key + (i + 1) * GAMMA) & MASK) >> 11) * 2.0**-53 for i in range(count)])


def slerp(t, a, b):
    dot = np.sum(a / np.linalg.norm(a) * (b / np.linalg.norm(b)))
    if abs(dot) > 0.9995:
        return (1 - t) * a + t * b
    theta = np.arccos(dot)
    return (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)


def multislerp(xs, w, base=None):
    xs = [x - (0 if base is None else base) for x in xs]
    norms = [np.linalg.norm(x) for x in xs]
    units = [x / (n + 1e-8) for x, n in zip(xs, norms)]
    mean = sum(wi * u for wi, u in zip(w, units))
    mean = mean / np.linalg.norm(mean)
    tangent = sum(wi * (u - np.sum(u * mean) * mean) for wi, u in zip(w, units))
    length = np.linalg.norm(tangent) + 1e-8
    out = mean * np.cos(length) + tangent * (np.sin(length) / length)
    out = out * sum(wi * n for wi, n in zip(w, norms))
    return out if base is None else out + base


def nearswap(t, a, b):
    with np.errstate(divide="ignore"):
        share = np.clip(t / np.abs(a - b), 0, 1)
    return share * b + (1 - share) * a


def model_stock(xs, base):
    d = [(x - base).ravel() for x in xs]
    cos = [d[i] @ d[j] / (np.linalg.norm(d[i]) * np.linalg.norm(d[j]))
           for i in range(len(d)) for j in range(i + 1, len(d))]
    c = np.mean(cos)
    n = len(xs)
    t = n * c / (1 + (n - 1) * c)
    return t * sum(xs) / n + (1 - t) * base


def top(delta, density):
    k = int(density * delta.size)
    order = np.argsort(np.abs(delta).ravel(), kind="stable")
    mask = np.zeros(delta.size)
    mask[order[delta.size - k:]] = 1
    return delta * mask.reshape(delta.shape)


def middle(delta, density, gamma):
    n = delta.size
    keep, n_top = int(density * n), int(gamma * n)
    n_bot = n - keep - n_top
    if n_bot < 0:
        n_top, n_bot = n_top + n_bot, 0
    order = np.argsort(np.abs(delta).ravel(), kind="stable")
    mask = np.zeros(n)
    mask[order[n_bot:n - n_top]] = 1
    return delta * mask.reshape(delta.shape)


def dare(delta, density, name, model):
    keep = dice(name, model, delta.size).reshape(delta.shape) < density
    return delta * keep / density


def della(delta, density, epsilon, name, model):
    rows = delta.reshape(1, -1) if delta.ndim < 2 else delta
    ranks = np.argsort(np.argsort(np.abs(rows), axis=1, kind="stable"), axis=1, kind="stable")
    chance = density - epsilon + ranks / (rows.shape[1] - 1) * 2 * epsilon
    keep = dice(name, model, delta.size).reshape(rows.shape) < chance
    return (rows * keep / chance).reshape(delta.shape)


def combine(base, deltas, w, normalize, consensus, lam=1.0):
    weighted = np.stack([wi * d for wi, d in zip(w, deltas)])
    factors = np.array(w).reshape(-1, *[1] * base.ndim)
    if consensus:
        sign = np.where(weighted.sum(0) >= 0, 1, -1)
        agree = np.sign(weighted) == sign
        total, divisor = (weighted * agree).sum(0), (factors * agree).sum(0)
        divisor = np.where(divisor == 0, 1, divisor)
    else:
        total, divisor = weighted.sum(0), sum(w)
    return base + lam * (total / divisor if normalize else total)


def methods(name, xs, base):
    d = [x - base for x in xs]
    e = list(enumerate(d))
    w = WEIGHTS
    return {
        "method = mean": sum(xs) / 3,
        "method = linear, weights = [0.5, 0.3, 0.2]": sum(wi * x for wi, x in zip(w, xs)),
        "method = linear, weights = [5, 3, 2], normalize = true": sum(wi * x for wi, x in zip(w, xs)),
        "method = multi-slerp, weights = [0.5, 0.3, 0.2]": multislerp(xs, w, base),
        "method = model-stock": model_stock(xs, base),
        "method = task-arithmetic, weights = [0.5, 0.3, 0.2], lambda = 0.7":
            combine(base, d, w, False, False, 0.7),
        "method = ties, weights = [0.5, 0.3, 0.2], density = 0.4":
            combine(base, [top(x, 0.4) for x in d], w, True, True),
        "method = dare-linear, weights = [0.5, 0.3, 0.2], density = 0.6, seed = 42":
            combine(base, [dare(x, 0.6, name, i) for i, x in e], w, False, False),
        "method = dare-ties, weights = [0.5, 0.3, 0.2], density = 0.6, seed = 42":
            combine(base, [dare(x, 0.6, name, i) for i, x in e], w, False, True),
        "method = della, weights = [0.5, 0.3, 0.2], density = 0.6, epsilon = 0.2, seed = 42":
            combine(base, [della(x, 0.6, 0.2, name, i) for i, x in e], w, True, True),
        "method = della-linear, density = 0.6, epsilon = 0.2, seed = 42":
            combine(base, [della(x, 0.6, 0.2, name, i) for i, x in e], [1, 1, 1], False, False),
        "method = breadcrumbs, weights = [0.5, 0.3, 0.2], density = 0.7, gamma = 0.1":
            combine(base, [middle(x, 0.7, 0.1) for x in d], w, False, False),
        "method = breadcrumbs-ties, density = 0.95, gamma = 0.1":
            combine(base, [middle(x, 0.95, 0.1) for x in d], [1, 1, 1], False, True),
        "method = ema, decay = 0.8": 0.8 * (0.8 * xs[0] + 0.2 * xs[1]) + 0.2 * xs[2],
        "method = latest, last = 2": (xs[1] + xs[2]) / 2,
        "method = copy, from = 1": xs[1],
    }


def pairs(xs):
    return {
        "method = slerp, t = 0.3": slerp(0.3, xs[0], xs[1]),
        "method = nearswap, t = 0.05": nearswap(0.05, xs[0], xs[1]),
        "method = multi-slerp": multislerp(xs[:2], [0.5, 0.5]),
    }


def main():
    rng = np.random.default_rng(7)
    flat = lambda x: [float(v) for v in np.asarray(x).ravel()]
    tensors = []
    for name, shape in SHAPES.items():
        base = rng.standard_normal(shape).astype(np.float32).astype(np.float64)
        xs = [(base + 0.4 * rng.standard_normal(shape)).astype(np.float32).astype(np.float64)
              for _ in range(3)]
        tensors.append({
            "name": name, "shape": list(shape), "base": flat(base), "models": [flat(x) for x in xs],
            "three": {k: flat(v) for k, v in methods(name, xs, base).items()},
            "two": {k: flat(v) for k, v in pairs(xs).items()},
        })
    print(json.dumps({"numpy": np.__version__, "tensors": tensors}))


main()
