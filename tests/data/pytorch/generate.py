"""Writes the reference values that the tests compare with: forward values and gradients of PyTorch, one file per op.

Inputs are rounded to float32; everything is then computed in float64 from these inputs, so that the references are
exact to float32 rounding. See README.md for the format.
"""
import importlib
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).resolve().parent
OPS = []


def op(function):
    """Marks a function that yields the cases of `<function name>.json`."""
    OPS.append(function)
    return function


# Inputs are float32 tensors of few decimals, which keeps the files small; outputs are float64 tensors.

def normal(*shape, mean=0.0, scale=1.0, decimals=3):
    return (torch.randn(shape, dtype=torch.float64) * scale + mean).round(decimals=decimals).float()


def uniform(*shape, low, high):
    return (torch.rand(shape, dtype=torch.float64) * (high - low) + low).round(decimals=3).float()


def distinct(*shape):
    """Values of which no two are equal: every maximum is unique."""
    count = int(np.prod(shape))
    return ((torch.randperm(count) - count // 2) / 16).reshape(shape).float()


def classes(n, k):
    return torch.randint(k, (n,))


def number(value):
    """The shortest text that reads back as the same float32; nine significant digits for float64."""
    return float(str(value)) if isinstance(value, np.float32) else float(f"{value:.9g}") + 0.0


def case(name, attributes, **tensors):
    def encode(tensor):
        array = tensor.detach().numpy()
        data = array.ravel()
        return {"shape": list(array.shape),
                "data": data.tolist() if array.dtype == np.int64 else [number(value) for value in data]}

    return {"name": name, "attributes": attributes, "tensors": {key: encode(t) for key, t in tensors.items()}}


def gradients(function, inputs, dy=None):
    """y = function(inputs) in float64, and the gradient of sum(y * dy) for each input, named 'd' + the input's name."""
    leaves = {name: tensor.double().requires_grad_() for name, tensor in inputs.items()}
    y = function(*leaves.values())
    grads = torch.autograd.grad(y, list(leaves.values()), None if dy is None else dy.double())
    return y, {f"d{name}": grad for name, grad in zip(leaves, grads)}


def differentiable(name, attributes, function, inputs, **more):
    """A case of the inputs, the output y, the upstream gradient dy and the gradient of every input."""
    with torch.no_grad():
        shape = function(*(tensor.double() for tensor in inputs.values())).shape
    dy = normal(*shape)
    y, grads = gradients(function, inputs, dy)
    return case(name, attributes, **inputs, **more, y=y, dy=dy, **grads)


@op
def conv2d():
    #    n  c   h   w  filters kernel stride  padding dilation groups bias
    for n, c, h, w, filters, kernel, stride, padding, dilation, groups, bias in [
        (2, 3, 6, 6, 4, (3, 3), (1, 1), (1, 1), (1, 1), 1, True),
        (1, 1, 7, 9, 2, (3, 3), (1, 1), (0, 0), (1, 1), 1, True),
        (3, 5, 7, 9, 6, (3, 3), (2, 2), (1, 1), (1, 1), 1, True),
        (2, 3, 8, 8, 4, (3, 3), (2, 2), (0, 0), (1, 1), 1, False),
        (1, 2, 11, 10, 3, (3, 3), (3, 3), (1, 1), (1, 1), 1, True),
        (2, 2, 5, 5, 3, (3, 3), (1, 1), (2, 2), (1, 1), 1, True),
        (1, 2, 4, 5, 2, (2, 2), (1, 1), (3, 3), (1, 1), 1, True),
        (2, 3, 9, 8, 2, (3, 3), (1, 1), (2, 2), (2, 2), 1, True),
        (1, 2, 11, 9, 2, (3, 3), (2, 2), (1, 1), (2, 2), 1, False),
        (2, 4, 6, 7, 6, (3, 3), (1, 1), (1, 1), (1, 1), 2, True),
        (2, 5, 6, 5, 5, (3, 3), (1, 1), (1, 1), (1, 1), 5, True),
        (1, 3, 7, 7, 6, (3, 3), (2, 2), (1, 1), (1, 1), 3, False),
        (2, 2, 5, 7, 3, (1, 3), (1, 1), (0, 1), (1, 1), 1, True),
        (2, 2, 7, 5, 3, (3, 1), (1, 1), (1, 0), (1, 1), 1, True),
        (1, 3, 9, 7, 2, (5, 2), (1, 1), (2, 0), (1, 1), 1, True),
        (1, 2, 9, 8, 2, (5, 2), (2, 3), (1, 2), (1, 2), 1, True),
        (3, 7, 5, 4, 5, (1, 1), (1, 1), (0, 0), (1, 1), 1, True),
        (2, 6, 7, 7, 3, (1, 1), (2, 2), (0, 0), (1, 1), 1, False),
        (1, 17, 5, 5, 18, (3, 3), (1, 1), (1, 1), (1, 1), 1, True),
        (3, 1, 5, 5, 5, (5, 5), (1, 1), (0, 0), (1, 1), 1, True),
    ]:
        size = lambda pair: f"{pair[0]}x{pair[1]}"
        name = f"{n}x{c}x{h}x{w} to {filters}, kernel {size(kernel)}, stride {size(stride)}, padding {size(padding)}"
        name += f", dilation {size(dilation)}" * (dilation != (1, 1)) + f", groups {groups}" * (groups != 1)
        name += ", no bias" * (not bias)
        attributes = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
                      "bias": bias}
        inputs = {"x": normal(n, c, h, w), "weight": normal(filters, c // groups, *kernel, scale=0.5)}
        if bias:
            inputs["bias"] = normal(filters)
        yield differentiable(name, attributes, lambda x, weight, bias=None: F.conv2d(
            x, weight, bias, stride, padding, dilation, groups), inputs)


@op
def linear():
    for n, features, outputs, bias in [
        (1, 1, 1, True), (4, 7, 5, True), (3, 33, 2, True), (17, 6, 10, True),
        (5, 1, 9, True), (1, 9, 8, True), (2, 4, 17, False), (37, 2, 3, False), (1, 31, 1, False), (6, 5, 1, True),
    ]:
        inputs = {"x": normal(n, features), "weight": normal(outputs, features)}
        if bias:
            inputs["bias"] = normal(outputs)
        yield differentiable(f"{n}x{features} to {outputs}" + ", no bias" * (not bias), {}, F.linear, inputs)


@op
def batch_norm():
    for shape, momentum, eps, training in [
        ((4, 3, 5, 7), 0.1, 1e-5, True),
        ((2, 6, 4, 4), 0.3, 1e-3, True),
        ((8, 1, 3, 3), 0.01, 1e-5, True),
        ((9, 7), 0.1, 1e-5, True),
        ((2, 4), 1.0, 1e-2, True),
        ((4, 3, 5, 7), 0.1, 1e-5, False),
        ((3, 5), 0.1, 1e-3, False),
        ((3, 4, 5), 0.1, 1e-5, True),
        ((2, 2, 2, 3, 3), 0.2, 1e-5, True),
        ((1, 3, 3, 5), 0.5, 1e-4, True),
        ((1, 2, 7), 0.9, 1e-3, True),
        ((5, 1, 2), 0.1, 0.1, True),
        ((2, 17, 2, 1), 0.05, 1e-5, True),
        ((1, 6), 0.1, 1e-5, False),
        ((2, 3, 5), 0.1, 1e-4, False),
        ((1, 2, 2, 2, 3), 0.1, 1e-2, False),
    ]:
        name = f"{'x'.join(map(str, shape))}, momentum {momentum}, eps {eps}, {'training' if training else 'inference'}"
        channels = shape[1]
        inputs = {"x": normal(*shape, mean=1, scale=2), "gamma": uniform(channels, low=0.5, high=1.5),
                  "beta": normal(channels)}
        mean, var = normal(channels), uniform(channels, low=0.5, high=2)
        dy = normal(*shape)
        new_mean, new_var = mean.double(), var.double()
        y, grads = gradients(lambda x, gamma, beta: F.batch_norm(
            x, new_mean, new_var, gamma, beta, training, momentum, eps), inputs, dy)
        yield case(name, {"training": training, "momentum": momentum, "eps": eps}, **inputs,
                   running_mean=mean, running_var=var, y=y, dy=dy, **grads,
                   running_mean_after=new_mean, running_var_after=new_var)


POOLS = [  # shape, kernel, stride, padding
    ((2, 3, 6, 6), (2, 2), (2, 2), (0, 0)),
    ((1, 2, 7, 9), (2, 2), (2, 2), (0, 0)),
    ((1, 2, 5, 7), (2, 2), (1, 1), (1, 1)),
    ((2, 2, 7, 7), (3, 3), (1, 1), (1, 1)),
    ((3, 1, 7, 9), (3, 3), (2, 2), (1, 1)),
    ((1, 5, 8, 7), (3, 3), (3, 3), (0, 0)),
    ((2, 2, 7, 9), (2, 3), (1, 2), (0, 1)),
    ((1, 3, 9, 7), (2, 3), (3, 1), (1, 1)),
    ((1, 1, 8, 8), (2, 2), (3, 3), (0, 0)),
]


def pool_name(shape, kernel, stride, padding):
    size = "x".join(map(str, shape))
    return f"{size}, kernel {kernel[0]}x{kernel[1]}, stride {stride[0]}x{stride[1]}, padding {padding[0]}x{padding[1]}"


@op
def max_pool2d():
    for (shape, kernel, stride, padding), ties in [(pool, False) for pool in POOLS] + [(POOLS[0], True), (POOLS[3], True)]:
        # Of equal values the first in row order takes the gradient. All values may be negative: padding is never a maximum.
        x = torch.randint(-3, 0, shape).float() if ties else distinct(*shape)
        yield differentiable(pool_name(shape, kernel, stride, padding) + ", ties" * ties,
                             {"kernel": kernel, "stride": stride, "padding": padding},
                             lambda x: F.max_pool2d(x, kernel, stride, padding), {"x": x})


@op
def avg_pool2d():
    for shape, kernel, stride, padding in POOLS:
        for include in (True, False) if any(padding) else (True,):
            yield differentiable(
                pool_name(shape, kernel, stride, padding) + f", count_include_pad {include}",
                {"kernel": kernel, "stride": stride, "padding": padding, "count_include_pad": include},
                lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=include), {"x": normal(*shape)})


@op
def cross_entropy():
    def one(name, logits, targets):
        y, grads = gradients(lambda logits: F.cross_entropy(logits, targets), {"logits": logits})
        return case(name, {}, logits=logits, targets=targets, loss=y, **grads)

    for n, k in [(1, 2), (3, 10), (8, 5), (16, 16), (37, 33)]:
        yield one(f"{n}x{k}", normal(n, k, scale=2), classes(n, k))
    n, k = 12, 7
    yield one(f"{n}x{k}, logits of 80 and -80", torch.randint(2, (n, k)).float() * 160 - 80, classes(n, k))
    yield one("3x4, equal logits", torch.tensor([80.0, 0.0, -80.0])[:, None].repeat(1, 4), classes(3, 4))
    for n, k, *places in [(2, 3, 4, 5), (1, 4, 3), (3, 2, 1, 2), (2, 5, 7), (1, 17, 2, 2)]:
        name = "x".join(map(str, (n, k, *places)))
        yield one(name, normal(n, k, *places, scale=2), torch.randint(k, (n, *places)))


ACTIVATION_INPUTS = {
    "random": lambda: normal(3, 4, 5, scale=2),
    "zero, small and large": lambda: torch.tensor(
        [0, 1e-6, -1e-6, 0.01, -0.01, 0.5, -0.5, 3, -3, 9, -9, 20, -20, 88, -88, 100, -100, 1000, -1000]),
}


ACTIVATION_SHAPES = [(1, 1), (3, 5), (37, 1), (1, 17), (2, 3, 4), (2, 2, 3, 3), (1, 2, 5, 1), (1, 2, 2, 2, 2)]


def activation(function, **attributes):
    for name, x in ACTIVATION_INPUTS.items():
        suffix = "".join(f", {key} {value}" for key, value in attributes.items())
        yield differentiable(name + suffix, attributes, function, {"x": x()})


def activation_shapes(function):
    for shape in ACTIVATION_SHAPES:
        yield differentiable("x".join(map(str, shape)), {}, function, {"x": normal(*shape, scale=2)})


@op
def relu():
    yield from activation(F.relu)
    yield from activation_shapes(F.relu)


@op
def leaky_relu():
    for slope in (0.01, 0.2):
        yield from activation(lambda x: F.leaky_relu(x, slope), slope=slope)
    for i, shape in enumerate(ACTIVATION_SHAPES):
        slope = [0.3, 0.05, 1.0, 0.0][i % 4]
        name = f"{'x'.join(map(str, shape))}, slope {slope}"
        yield differentiable(name, {"slope": slope}, lambda x: F.leaky_relu(x, slope), {"x": normal(*shape, scale=2)})


@op
def sigmoid():
    yield from activation(torch.sigmoid)
    yield from activation_shapes(torch.sigmoid)


@op
def tanh():
    yield from activation(torch.tanh)
    yield from activation_shapes(torch.tanh)


@op
def softmax():
    for name, x in [("1x2", normal(1, 2)), ("5x10", normal(5, 10, scale=3)), ("3x33", normal(3, 33, scale=3)),
                    ("4x6, large", normal(4, 6, scale=60)), ("2x3x4x5", normal(2, 3, 4, 5))]:
        yield differentiable(f"{name}, axis 1", {"axis": 1}, lambda x: F.softmax(x, 1), {"x": x})
    for shape in [(1, 1), (37, 2), (2, 3, 7), (1, 17), (1, 2, 3, 2, 2)]:
        name = "x".join(map(str, shape))
        yield differentiable(f"{name}, axis 1", {"axis": 1}, lambda x: F.softmax(x, 1), {"x": normal(*shape, scale=2)})


@op
def mse_loss():
    for shape in [(1, 1), (7, 3), (4, 2, 3, 5), (2, 7), (37, 1), (1, 33), (3, 2, 5), (1, 3, 2, 2), (2, 1, 1, 4), (1, 2, 2, 3, 2)]:
        target = normal(*shape)
        inputs = {"x": normal(*shape)}
        y, grads = gradients(lambda x: F.mse_loss(x, target.double()), inputs)
        yield case("x".join(map(str, shape)), {}, **inputs, target=target, loss=y, **grads)


@op
def optimizers():
    start = normal(7)
    grads = normal(5, 7)
    grads[:, 0] = 0                       # never a gradient: only weight decay may move it
    grads[:, 1] *= 1000
    grads[:, 2] = normal(5, scale=1e-4, decimals=7)
    sgd = {"lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    adam = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
    for name, kind, attributes in [
        ("SGD", "SGD", sgd),
        ("SGD, momentum", "SGD", {**sgd, "momentum": 0.9}),
        ("SGD, nesterov", "SGD", {**sgd, "momentum": 0.9, "nesterov": True}),
        ("SGD, weight decay", "SGD", {**sgd, "weight_decay": 0.01}),
        ("SGD, nesterov, weight decay", "SGD", {**sgd, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
        ("Adam", "Adam", adam),
        ("Adam, betas and eps", "Adam", {**adam, "betas": (0.8, 0.95), "eps": 1e-3}),
        ("Adam, weight decay", "Adam", {**adam, "weight_decay": 0.1}),
        ("AdamW", "AdamW", {**adam, "weight_decay": 0.1}),
        ("AdamW, betas and eps", "AdamW", {**adam, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.01}),
    ]:
        parameters = start.double()
        optimizer = getattr(torch.optim, kind)([parameters], **attributes)
        after = []
        for grad in grads:
            parameters.grad = grad.double()
            optimizer.step()
            after.append(parameters.clone())
        yield case(name, {"optimizer": kind, **attributes}, parameters=start, gradients=grads,
                   parameters_after=torch.stack(after))


@op
def network():
    x, targets = normal(8, 1, 12, 12), classes(8, 5)
    initial = {
        "conv1.weight": normal(4, 1, 3, 3, scale=0.4),  # no bias: the batch norm would take it away again
        "norm.gamma": uniform(4, low=0.8, high=1.2), "norm.beta": normal(4, scale=0.1),
        "conv2.weight": normal(6, 4, 3, 3, scale=0.2), "conv2.bias": normal(6, scale=0.1),
        "linear.weight": normal(5, 96, scale=0.1), "linear.bias": normal(5, scale=0.1),
    }
    for name, kind, attributes in [
        ("SGD", "SGD", {"lr": 0.05, "momentum": 0.9}),
        ("Adam", "Adam", {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8}),
    ]:
        p = {key: tensor.double().requires_grad_() for key, tensor in initial.items()}
        mean, var = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
        optimizer = getattr(torch.optim, kind)(p.values(), **attributes)
        losses = []
        for _ in range(10):
            y = F.conv2d(x.double(), p["conv1.weight"], padding=1)
            y = F.batch_norm(y, mean, var, p["norm.gamma"], p["norm.beta"], training=True, momentum=0.1, eps=1e-5)
            y = F.max_pool2d(F.relu(y), 2)
            y = F.relu(F.conv2d(y, p["conv2.weight"], p["conv2.bias"]))
            y = F.linear(y.flatten(1), p["linear.weight"], p["linear.bias"])
            loss = F.cross_entropy(y, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        yield case(name, {"optimizer": kind, **attributes, "norm_momentum": 0.1, "norm_eps": 1e-5},
                   x=x, targets=targets, **initial, losses=torch.stack(losses),
                   **{f"{key}_after": p[key] for key in ("linear.weight", "linear.bias")},
                   **{"norm.mean_after": mean, "norm.var_after": var})


def main():
    """Every family of ops is a module of its own beside this one: generate_*.py."""
    torch.set_num_threads(1)
    for module in sorted(FOLDER.glob("generate_*.py")):
        importlib.import_module(module.stem)
    for cases in OPS:
        torch.manual_seed(1)
        lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases()]
        (FOLDER / f"{cases.__name__}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    # The modules import this one by its name, and must find the same list of ops.
    importlib.import_module("generate").main()
