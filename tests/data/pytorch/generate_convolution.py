"""Convolution in one and three dimensions, padding rules and modes, transposed, depthwise, separable, tiled and locally
connected convolution. PyTorch has no tiled and no locally connected layer: these are compositions of its unfold.

Every case is a layer named `conv`, whose parameters are `conv.weight` and `conv.bias`.
"""
import torch
import torch.nn.functional as F

from generate import differentiable, normal, op

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def size(values):
    return values if isinstance(values, str) else "x".join(map(str, values))


def title(shape, attributes):
    parts = [f"{key.replace('_', ' ')} {size(value) if isinstance(value, (tuple, str)) else value}"
             for key, value in attributes.items() if not isinstance(value, bool)]
    return f"{size(shape)}, {', '.join(parts)}" + ", no bias" * (not attributes["bias"])


def parameters(weight, bias, scale=0.5):
    inputs = {"conv.weight": normal(*weight, scale=scale)}
    if bias is not None:
        inputs["conv.bias"] = normal(*bias)
    return inputs


def around(x, sides, mode="zeros"):
    """x with elements before and after each axis; F.pad wants the last axis first."""
    flat = [elements for pair in reversed(sides) for elements in pair]
    return F.pad(x, flat, "constant" if mode == "zeros" else mode)


def sides(shape, kernel, stride, dilation, padding):
    """The elements before and after each axis."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "causal":
        return [((k - 1) * d, 0) for k, d in zip(kernel, dilation)]
    if padding == "same":
        # TensorFlow: the output has ceil(input / stride) elements, and of an odd number the extra one is after.
        total = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
                 for n, k, s, d in zip(shape[2:], kernel, stride, dilation)]
        return [(t // 2, t - t // 2) for t in total]
    return [(p, p) for p in padding]


def convolution(shape, filters, kernel, stride=None, padding=None, mode="zeros", dilation=None, groups=1, bias=True):
    axes = len(kernel)
    stride, dilation, padding = stride or (1,) * axes, dilation or (1,) * axes, padding or (0,) * axes
    attributes = {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding, "mode": mode,
                  "dilation": dilation, "groups": groups, "bias": bias}
    inputs = {"x": normal(*shape), **parameters((filters, shape[1] // groups, *kernel), (filters,) if bias else None)}
    pad = sides(shape, kernel, stride, dilation, padding)
    return differentiable(
        title(shape, attributes), attributes,
        lambda x, weight, bias=None: CONV[axes](around(x, pad, mode), weight, bias, stride, 0, dilation, groups), inputs)


@op
def conv1d():
    yield convolution((2, 3, 9), 4, (3,))
    yield convolution((1, 1, 7), 1, (1,))
    yield convolution((3, 2, 12), 5, (3,), padding=(1,))
    yield convolution((2, 4, 15), 3, (5,), stride=(2,), padding=(2,))
    yield convolution((2, 3, 20), 2, (3,), dilation=(4,), padding=(4,), bias=False)
    yield convolution((1, 6, 11), 4, (4,), groups=2)
    yield convolution((2, 5, 9), 10, (3,), groups=5, padding=(1,))
    yield convolution((3, 17, 5), 2, (2,), stride=(3,))
    yield convolution((1, 2, 3), 3, (3,), padding=(3,))
    yield convolution((2, 4, 13), 6, (1,), stride=(2,), bias=False)
    yield convolution((2, 2, 16), 3, (3,), stride=(2,), dilation=(3,), padding=(1,))


@op
def conv3d():
    yield convolution((1, 2, 3, 4, 4), 2, (2, 2, 2))
    yield convolution((1, 1, 3, 3, 3), 2, (3, 3, 3))
    yield convolution((2, 2, 3, 4, 3), 2, (3, 3, 3), padding=(1, 1, 1))
    yield convolution((1, 2, 5, 6, 5), 3, (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1))
    yield convolution((1, 3, 4, 4, 5), 2, (1, 3, 3), padding=(0, 1, 1), bias=False)
    yield convolution((1, 2, 6, 3, 4), 2, (3, 1, 1), stride=(2, 1, 1))
    yield convolution((1, 2, 5, 5, 5), 2, (2, 2, 2), dilation=(2, 2, 2))
    yield convolution((1, 4, 3, 3, 4), 6, (2, 2, 2), groups=2)
    yield convolution((1, 3, 4, 3, 3), 3, (3, 3, 3), padding=(1, 1, 1), groups=3)
    yield convolution((2, 3, 2, 3, 4), 4, (1, 1, 1))
    yield convolution((1, 2, 4, 5, 6), 2, (2, 3, 2), stride=(1, 2, 3), padding=(1, 0, 2), bias=False)


@op
def conv_padding():
    for shape, kernel, stride, dilation in [
        ((2, 2, 7), (3,), (1,), (1,)),
        ((1, 2, 8), (2,), (1,), (1,)),
        ((1, 3, 8), (3,), (2,), (1,)),
        ((1, 2, 11), (4,), (3,), (2,)),
        ((1, 2, 5, 8), (3, 2), (2, 2), (1, 1)),
        ((1, 2, 6, 5), (4, 3), (1, 3), (1, 2)),
        ((1, 1, 3, 4, 5), (3, 2, 3), (2, 1, 2), (1, 1, 1)),
    ]:
        yield convolution(shape, 2, kernel, stride, "same", dilation=dilation)
    yield convolution((1, 2, 6, 5), 2, (3, 3), padding="valid")
    for shape, kernel, stride, dilation in [
        ((2, 2, 9), (2,), (1,), (1,)),
        ((1, 2, 12), (3,), (1,), (4,)),
        ((1, 2, 10), (3,), (2,), (2,)),
    ]:
        yield convolution(shape, 3, kernel, stride, "causal", dilation=dilation)


@op
def conv_padding_mode():
    for mode in ("replicate", "reflect", "circular"):
        yield convolution((2, 2, 6), 2, (3,), padding=(2,), mode=mode)
        yield convolution((1, 2, 4, 5), 2, (3, 3), padding=(1, 2), mode=mode)
        yield convolution((1, 1, 5, 4), 2, (3, 2), stride=(2, 1), padding=(3, 0), mode=mode, bias=False)
        yield convolution((1, 2, 3, 3, 4), 1, (2, 2, 2), padding=(1, 2, 1), mode=mode)
        yield convolution((1, 2, 5, 8), 2, (3, 2), (2, 2), "same", mode=mode)
    yield convolution((1, 2, 9), 2, (3,), padding="causal", mode="replicate")


def transposed(shape, filters, kernel, stride=None, padding=None, output_padding=None, dilation=None, groups=1, bias=True):
    axes = len(kernel)
    stride, dilation = stride or (1,) * axes, dilation or (1,) * axes
    padding, output_padding = padding or (0,) * axes, output_padding or (0,) * axes
    attributes = {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding,
                  "output_padding": output_padding, "dilation": dilation, "groups": groups, "bias": bias}
    inputs = {"x": normal(*shape), **parameters((shape[1], filters // groups, *kernel), (filters,) if bias else None)}
    return differentiable(
        title(shape, attributes), attributes,
        lambda x, weight, bias=None: TRANSPOSE[axes](x, weight, bias, stride, padding, output_padding, groups, dilation), inputs)


@op
def conv_transpose1d():
    yield transposed((2, 3, 5), 2, (3,))
    yield transposed((1, 1, 4), 1, (1,))
    yield transposed((2, 2, 5), 3, (3,), stride=(2,))
    yield transposed((2, 2, 5), 3, (3,), stride=(2,), padding=(1,), output_padding=(1,))
    yield transposed((1, 3, 4), 2, (2,), stride=(3,), output_padding=(2,), bias=False)
    yield transposed((1, 2, 6), 2, (3,), dilation=(3,))
    yield transposed((2, 4, 5), 6, (4,), stride=(2,), padding=(1,), groups=2)
    yield transposed((1, 5, 5), 5, (3,), stride=(2,), groups=5)
    yield transposed((3, 2, 7), 3, (3,), padding=(2,))
    yield transposed((1, 17, 3), 4, (2,), stride=(2,))
    yield transposed((1, 2, 5), 2, (3,), stride=(2,), dilation=(2,), padding=(2,), output_padding=(1,))


@op
def conv_transpose2d():
    yield transposed((2, 2, 3, 4), 2, (3, 3))
    yield transposed((1, 1, 2, 2), 1, (2, 2))
    yield transposed((1, 3, 4, 3), 2, (3, 3), stride=(2, 2))
    yield transposed((1, 3, 4, 3), 2, (3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))
    yield transposed((2, 2, 3, 3), 3, (2, 2), stride=(2, 2), bias=False)
    yield transposed((1, 2, 3, 4), 2, (2, 3), stride=(3, 2), padding=(0, 1), output_padding=(2, 1))
    yield transposed((1, 2, 4, 4), 2, (3, 3), dilation=(2, 2), padding=(2, 2))
    yield transposed((1, 4, 3, 3), 6, (3, 3), stride=(2, 2), groups=2)
    yield transposed((1, 3, 4, 3), 3, (3, 3), stride=(2, 2), padding=(1, 1), groups=3)
    yield transposed((3, 5, 3, 2), 4, (1, 1))
    yield transposed((1, 3, 3, 3), 2, (1, 1), stride=(2, 2), output_padding=(1, 0), bias=False)
    yield transposed((1, 2, 4, 4), 2, (4, 4), stride=(2, 2), padding=(1, 1))


@op
def conv_transpose3d():
    yield transposed((1, 2, 2, 3, 2), 2, (2, 2, 2))
    yield transposed((1, 1, 2, 2, 2), 2, (3, 3, 3))
    yield transposed((1, 2, 2, 2, 3), 2, (2, 2, 2), stride=(2, 2, 2))
    yield transposed((1, 2, 2, 2, 2), 2, (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1), output_padding=(1, 1, 1))
    yield transposed((2, 2, 3, 2, 2), 1, (1, 3, 3), padding=(0, 1, 1), bias=False)
    yield transposed((1, 2, 3, 2, 2), 2, (3, 1, 1), stride=(2, 1, 1), output_padding=(1, 0, 0))
    yield transposed((1, 2, 3, 3, 3), 2, (2, 2, 2), dilation=(2, 2, 2), padding=(1, 1, 1))
    yield transposed((1, 4, 2, 2, 2), 6, (2, 2, 2), groups=2)
    yield transposed((1, 3, 2, 2, 2), 3, (3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1), groups=3)
    yield transposed((2, 3, 2, 3, 2), 4, (1, 1, 1))
    yield transposed((1, 2, 2, 3, 2), 1, (2, 3, 2), stride=(1, 2, 3), padding=(1, 0, 0), output_padding=(0, 1, 2), bias=False)


def separable(shape, kernel, multiplier, stride, padding, dilation, filters=None, bias=True):
    """A depthwise convolution, and with filters a pointwise one after it."""
    channels = shape[1]
    attributes = {"kernel": kernel, "multiplier": multiplier, "stride": stride, "padding": padding, "dilation": dilation,
                  "bias": bias}
    depthwise = (channels * multiplier, 1, *kernel)
    pad = sides(shape, kernel, stride, dilation, padding)
    if filters is None:
        inputs = {"x": normal(*shape), **parameters(depthwise, depthwise[:1] if bias else None)}
        return differentiable(
            title(shape, attributes), attributes,
            lambda x, weight, bias=None: F.conv2d(around(x, pad), weight, bias, stride, 0, dilation, channels), inputs)
    inputs = {"x": normal(*shape), "conv.depthwise.weight": normal(*depthwise, scale=0.5),
              **parameters((filters, depthwise[0], 1, 1), (filters,) if bias else None)}
    attributes = {"filters": filters, **attributes}
    return differentiable(
        title(shape, attributes), attributes,
        lambda x, first, weight, bias=None: F.conv2d(
            F.conv2d(around(x, pad), first, None, stride, 0, dilation, channels), weight, bias), inputs)


DEPTHWISE = [  # shape, kernel, multiplier, stride, padding, dilation
    ((2, 3, 5, 6), (3, 3), 1, (1, 1), (1, 1), (1, 1)),
    ((1, 2, 7, 5), (3, 3), 2, (1, 1), (0, 0), (1, 1)),
    ((1, 4, 6, 7), (3, 3), 1, (2, 2), (1, 1), (1, 1)),
    ((2, 2, 6, 6), (3, 3), 3, (2, 2), "same", (1, 1)),
    ((1, 3, 9, 8), (3, 3), 1, (1, 1), (2, 2), (2, 2)),
    ((1, 2, 6, 19), (2, 3), 1, (1, 1), (1, 0), (1, 1)),
    ((3, 3, 4, 4), (1, 1), 2, (1, 1), (0, 0), (1, 1)),
    ((1, 2, 11, 10), (5, 5), 1, (2, 2), (2, 2), (1, 1)),
    ((1, 2, 8, 9), (3, 2), 1, (3, 1), (0, 1), (1, 3)),
    ((1, 17, 3, 3), (3, 3), 1, (1, 1), (1, 1), (1, 1)),
    ((1, 2, 2, 2), (3, 3), 1, (1, 1), (3, 3), (1, 1)),
]


@op
def depthwise_conv():
    for index, case in enumerate(DEPTHWISE):
        yield separable(*case, bias=index % 4 != 3)


@op
def separable_conv():
    for index, case in enumerate(DEPTHWISE):
        yield separable(*case, filters=1 + index % 4, bias=index % 4 != 2)


def tiled(shape, filters, kernel, tiles, stride=None, padding=None, dilation=None, bias=True):
    """Filters that take turns; as many as places where tiles is None, each place then with a bias of its own."""
    axes = len(kernel)
    stride, dilation, padding = stride or (1,) * axes, dilation or (1,) * axes, padding or (0,) * axes
    pad = sides(shape, kernel, stride, dilation, padding)
    places = [(n + sum(p) - (k - 1) * d - 1) // s + 1
              for n, p, k, d, s in zip(shape[2:], pad, kernel, dilation, stride)]
    turns = places if tiles is None else tiles
    attributes = {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation,
                  **({} if tiles is None else {"tiles": tiles}), "bias": bias}
    # A sequence is an image of one row.
    row = lambda values, one: (one, *values) if axes == 1 else tuple(values)
    (down, across), (high, wide) = row(turns, 1), row(places, 1)
    tile = torch.tensor([(i % down) * across + j % across for i in range(high) for j in range(wide)])

    def function(x, weight, bias=None):
        x = around(x, pad)
        if axes == 1:
            x = x.unsqueeze(2)
        windows = F.unfold(x, row(kernel, 1), row(dilation, 1), 0, row(stride, 1))
        rows = weight.reshape(down * across, filters, -1)[tile]
        y = torch.einsum("nkl,lfk->nfl", windows, rows).reshape(shape[0], filters, *places)
        if bias is None:
            return y
        return y + (bias if tiles is None else bias.reshape(-1, *[1] * axes))

    inputs = {"x": normal(*shape), **parameters(
        (down * across * filters, shape[1], *kernel),
        None if not bias else (filters, *places) if tiles is None else (filters,))}
    return differentiable(title(shape, attributes), attributes, function, inputs)


@op
def tiled_conv():
    yield tiled((2, 2, 5, 6), 3, (3, 3), (2, 2), padding=(1, 1))
    yield tiled((1, 1, 4, 4), 1, (2, 2), (1, 1))
    yield tiled((1, 3, 6, 5), 2, (3, 3), (2, 3))
    yield tiled((1, 2, 7, 8), 2, (3, 3), (3, 1), stride=(2, 2), padding=(1, 1), bias=False)
    yield tiled((1, 2, 8, 7), 2, (3, 2), (2, 2), dilation=(2, 3))
    yield tiled((2, 2, 5, 5), 2, (2, 2), (4, 4))
    yield tiled((1, 2, 5, 6), 2, (3, 3), (2, 2), padding="same", stride=(2, 1))
    yield tiled((3, 4, 3, 3), 2, (1, 1), (2, 3), bias=False)
    yield tiled((2, 3, 9), 2, (3,), (3,), padding=(1,))
    yield tiled((1, 2, 12), 3, (4,), (2,), stride=(2,), padding=(2,))
    yield tiled((1, 2, 10), 2, (3,), (4,), padding="causal", dilation=(2,))


@op
def locally_connected():
    yield tiled((2, 2, 4, 5), 3, (3, 3), None)
    yield tiled((1, 1, 3, 3), 1, (2, 2), None)
    yield tiled((1, 2, 4, 3), 2, (3, 3), None, padding=(1, 1))
    yield tiled((1, 2, 7, 6), 2, (3, 3), None, stride=(2, 2), padding=(1, 1), bias=False)
    yield tiled((1, 2, 5, 6), 2, (2, 2), None, dilation=(2, 3))
    yield tiled((3, 3, 2, 3), 2, (1, 1), None)
    yield tiled((1, 2, 5, 6), 2, (3, 3), None, padding="same", stride=(2, 3))
    yield tiled((1, 3, 3, 3), 4, (3, 3), None)
    yield tiled((2, 3, 9), 2, (3,), None)
    yield tiled((1, 2, 12), 3, (4,), None, stride=(2,), padding=(2,), bias=False)
    yield tiled((1, 2, 8), 2, (3,), None, padding="causal", dilation=(2,))
