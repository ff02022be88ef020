"""Reference values of activation functions and of functions of two numbers."""
import torch
import torch.nn.functional as F

from generate import differentiable, normal, op, uniform

SHAPES = [(1, 1), (3, 5), (2, 7, 3), (1, 2, 3, 4), (4, 3, 5), (2, 17), (2, 2, 2, 5), (1, 33), (5, 1, 3), (2, 3, 3, 2)]


def unary(function, attributes=lambda i: {}, wide=True, positive=False):
    """Ten cases of a function of x and of keyword arguments: shapes of all ranks, and values far out."""
    for i, shape in enumerate(SHAPES):
        x = uniform(*shape, low=0.05, high=9) if positive else normal(*shape, scale=20.0 if wide and i % 5 == 4 else 2.0)
        chosen = attributes(i)
        name = "x".join(map(str, shape)) + "".join(f", {key} {value}" for key, value in chosen.items())
        yield differentiable(name, chosen, lambda x, chosen=chosen: function(x, **chosen), {"x": x})


@op
def elu():
    yield from unary(F.elu, lambda i: {"alpha": [1.0, 0.5, 2.0][i % 3]})


@op
def selu():
    yield from unary(F.selu)


@op
def gelu():
    yield from unary(lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
                     lambda i: {"approximate": i % 2 == 1})


@op
def silu():
    yield from unary(F.silu)


@op
def softplus():
    yield from unary(F.softplus)


@op
def hard_sigmoid():
    yield from unary(F.hardsigmoid)


@op
def clip():
    yield from unary(lambda x, minimum, maximum: torch.clamp(x, minimum, maximum), lambda i: {"minimum": [0.0, -1.0][i % 2], "maximum": [6.0, 1.5][i % 2]})


@op
def exp():
    yield from unary(torch.exp, wide=False)


@op
def log():
    yield from unary(torch.log, positive=True)


@op
def sqrt():
    yield from unary(torch.sqrt, positive=True)


@op
def absolute():
    yield from unary(torch.abs)


@op
def log_softmax():
    for i, shape in enumerate([(1, 2), (3, 5), (2, 7), (37, 3), (1, 33), (2, 5, 3, 4), (1, 2, 2, 2), (4, 10), (2, 3, 1, 5), (1, 1)]):
        x = normal(*shape, scale=30.0 if i % 4 == 3 else 2.0)
        yield differentiable("x".join(map(str, shape)), {"axis": 1}, lambda x: F.log_softmax(x, 1), {"x": x})


@op
def prelu():
    for shape in [(1, 1), (3, 5), (2, 7), (2, 3, 4, 5), (1, 2, 3, 3), (4, 1, 2, 2), (2, 17), (2, 5, 3), (3, 4, 2, 1), (37, 2)]:
        inputs = {"x": normal(*shape, scale=2.0), "slope": uniform(shape[1], low=-0.3, high=0.7)}
        yield differentiable("x".join(map(str, shape)), {}, F.prelu, inputs)


@op
def maxout():
    """PyTorch has no maxout: the maximum over groups of neighbouring channels."""
    for shape, pieces in [((1, 2), 2), ((3, 6), 2), ((3, 6), 3), ((2, 4, 3, 5), 2), ((2, 6, 2, 2), 3), ((1, 8, 3, 3), 4), ((5, 10), 5),
                          ((2, 12), 1), ((37, 4), 2), ((2, 5, 4), 5)]:
        def function(x, pieces=pieces):
            n, c, *rest = x.shape
            return x.reshape(n, c // pieces, pieces, *rest).max(dim=2).values

        yield differentiable(f"{'x'.join(map(str, shape))}, {pieces} pieces", {"pieces": pieces}, function, {"x": normal(*shape, scale=2.0)})


@op
def binary():
    functions = {"subtract": torch.sub, "divide": torch.div, "maximum": torch.maximum, "minimum": torch.minimum, "multiply": torch.mul}
    for kind, function in functions.items():
        for a, b in [((2, 3), (2, 3)), ((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (2, 3, 1, 1)), ((2, 3, 1, 1), (2, 3, 2, 2))]:
            inputs = {"x": normal(*a), "other": uniform(*b, low=0.3, high=2)}
            yield differentiable(f"{kind} {'x'.join(map(str, a))} and {'x'.join(map(str, b))}", {"kind": kind}, function, inputs)
    for kind, function in {**functions, "add": torch.add}.items():
        for a, b in [((1, 1), (1, 1)), ((5, 3), (5, 1)), ((3, 1), (3, 2)), ((1, 2, 3), (1, 2, 1)), ((2, 3, 2, 1), (2, 1, 1, 1)), ((1, 2, 1, 1, 2), (1, 2, 1, 1, 2)),
                     *([((37, 1), (37, 1)), ((1, 17), (1, 17)), ((2, 1, 2, 3), (2, 2, 2, 3)), ((1, 2, 3, 3), (1, 2, 1, 1))] if kind == "add" else [])]:
            inputs = {"x": normal(*a), "other": uniform(*b, low=0.3, high=2)}
            yield differentiable(f"{kind} {'x'.join(map(str, a))} and {'x'.join(map(str, b))}", {"kind": kind}, function, inputs)
