"""Reference values of pooling in one to three dimensions, max unpooling, resizing, and upsampling with zeros or from channels."""
import torch
import torch.nn.functional as F

from generate import differentiable, distinct, normal, op

# Windows of one, two and three axes: shape, kernel, stride, padding, dilation, ceil mode. Average and Lp pooling leave out what they lack.
WINDOWS = [
    ((2, 3, 11), (3,), (2,), (1,), (1,), False),
    ((1, 2, 10), (4,), (3,), (0,), (1,), True),
    ((3, 1, 9), (3,), (1,), (1,), (3,), False),
    ((1, 2, 7, 9), (2, 2), (2, 2), (0, 0), (1, 1), True),
    ((2, 2, 8, 6), (3, 3), (2, 2), (1, 1), (1, 1), True),
    ((1, 3, 6, 5), (2, 2), (3, 3), (1, 1), (1, 1), True),
    ((1, 2, 9, 10), (3, 3), (2, 2), (1, 1), (2, 2), False),
    ((2, 1, 9, 8), (2, 3), (2, 1), (0, 1), (3, 2), True),
    ((1, 2, 5, 5), (5, 5), (1, 1), (0, 0), (1, 1), False),
    ((1, 2, 4, 5, 6), (2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1), False),
    ((1, 1, 5, 4, 7), (3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1), False),
    ((2, 1, 3, 5, 6), (2, 3, 2), (1, 2, 3), (1, 0, 1), (1, 1, 1), True),
    ((1, 1, 5, 6, 5), (2, 2, 2), (1, 2, 1), (1, 1, 0), (2, 3, 2), False),
]


def size(shape):
    return "x".join(map(str, shape))


def name(shape, kernel, stride, padding, dilation, ceil):
    return (f"{size(shape)}, kernel {size(kernel)}, stride {size(stride)}, padding {size(padding)}"
            + f", dilation {size(dilation)}" * (set(dilation) != {1}) + ", ceil mode" * ceil)


def attributes(kernel, stride, padding, dilation, ceil, **more):
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil, **more}


def of_rank(kind, axes):
    return getattr(F, f"{kind}{axes}d")


@op
def max_pool():
    for shape, *window in WINDOWS:
        kernel, stride, padding, dilation, ceil = window
        pool = of_rank("max_pool", len(kernel))
        for ties in (False, True) if len(kernel) == 3 else (False,):
            # Of equal values the first in scanning order takes the gradient.
            x = torch.randint(-3, 0, shape).float() if ties else distinct(*shape)
            yield differentiable(name(shape, *window) + ", ties" * ties, attributes(*window), lambda x: pool(x, kernel, stride, padding, dilation, ceil), {"x": x})


@op
def avg_pool():
    for shape, kernel, stride, padding, dilation, ceil in WINDOWS:
        if set(dilation) != {1}:
            continue
        pool = of_rank("avg_pool", len(kernel))
        for include in (True, False) if any(padding) else (True,):
            yield differentiable(name(shape, kernel, stride, padding, dilation, ceil) + f", count_include_pad {include}",
                                 attributes(kernel, stride, padding, dilation, ceil, count_include_pad=include),
                                 lambda x: pool(x, kernel, stride, padding, ceil, include), {"x": normal(*shape)})


@op
def lp_pool():
    for shape, kernel, stride, power, zeros in [
        ((2, 3, 11), (3,), (2,), 2.0, False),
        ((1, 2, 10), (4,), (3,), 2.0, True),
        ((3, 2, 9), (3,), (1,), 1.0, False),
        ((2, 2, 6, 6), (2, 2), (2, 2), 2.0, False),
        ((1, 2, 7, 9), (2, 2), (2, 2), 2.0, True),
        ((2, 2, 7, 7), (3, 3), (1, 1), 2.0, False),
        ((1, 3, 8, 9), (3, 3), (2, 2), 3.0, False),
        ((1, 2, 6, 7), (2, 3), (1, 2), 4.0, False),
        ((2, 1, 5, 8), (3, 2), (2, 3), 1.5, False),
        ((1, 2, 5, 5), (5, 5), (1, 1), 2.0, False),
        ((1, 2, 4, 5, 6), (2, 2, 2), (2, 2, 2), 2.0, False),
        ((1, 1, 5, 4, 7), (3, 3, 3), (2, 1, 2), 2.0, True),
    ]:
        axes = len(kernel)
        x = normal(*shape)
        if zeros:
            # A window of zeros gives no gradient.
            x[(..., *[slice(0, 2 * k) for k in kernel])] = 0
        elif power % 2:
            # PyTorch takes the power of x itself, and not of its magnitude: for odd powers the signs would not agree.
            x = x.abs() + 0.125

        def pool(x):
            if axes == 1:
                return F.lp_pool1d(x, power, *kernel, *stride)
            if axes == 2:
                return F.lp_pool2d(x, power, kernel, stride)
            y = F.avg_pool3d(x ** power, kernel, stride) * (kernel[0] * kernel[1] * kernel[2])
            return (torch.sign(y) * F.relu(torch.abs(y))).pow(1 / power)

        yield differentiable(f"{size(shape)}, kernel {size(kernel)}, stride {size(stride)}, power {power:g}" + ", zeros" * zeros,
                             {"kernel": kernel, "stride": stride, "padding": (0,) * axes, "power": power}, pool, {"x": x})


@op
def adaptive_avg_pool():
    for shape, output in [((2, 3, 7), (3,)), ((1, 2, 5), (7,)), ((2, 2, 7, 5), (3, 2)), ((1, 3, 9, 9), (6, 6)), ((3, 2, 4, 6), (1, 1)), ((1, 2, 5, 7), (5, 7)), ((2, 1, 4, 5), (7, 9)),
                          ((1, 5, 3, 10), (2, 4)), ((1, 2, 4, 5, 6), (2, 3, 4)), ((2, 1, 3, 4, 5), (1, 2, 1)), ((1, 1, 2, 3, 4), (3, 4, 7))]:
        yield differentiable(f"{size(shape)} to {size(output)}", {"size": output}, lambda x: of_rank("adaptive_avg_pool", len(output))(x, output), {"x": normal(*shape)})


@op
def resize():
    for shape, output in [((2, 2, 5), (8,)), ((1, 3, 9), (4,)), ((2, 2, 3, 3), (6, 6)), ((1, 1, 4, 5), (12, 10)), ((1, 2, 5, 7), (3, 4)), ((2, 1, 6, 5), (9, 7)), ((1, 3, 4, 6), (4, 6)),
                          ((1, 2, 1, 3), (4, 5)), ((2, 2, 6, 7), (1, 1)), ((1, 1, 2, 3, 4), (4, 6, 8)), ((1, 2, 3, 4, 3), (5, 2, 4))]:
        linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(output)]
        for mode, corners in (("nearest", None), (linear, False), (linear, True)):
            yield differentiable(f"{size(shape)} to {size(output)}, {mode}" + ", corners aligned" * bool(corners), {"size": output, "mode": mode, "align_corners": bool(corners)},
                                 lambda x: F.interpolate(x, output, mode=mode, align_corners=corners), {"x": normal(*shape)})


@op
def bed_of_nails():
    for shape, factors in [((2, 3, 5), (2,)), ((1, 1, 1, 1), (2, 2)), ((2, 3, 3, 4), (2, 2)), ((1, 2, 4, 3), (3, 3)), ((1, 2, 5, 2), (1, 2)), ((2, 1, 2, 5), (3, 1)), ((3, 2, 3, 3), (2, 4)),
                           ((1, 4, 2, 2), (1, 1)), ((1, 2, 2, 3, 4), (2, 2, 2)), ((1, 1, 3, 2, 3), (1, 3, 2))]:
        def nails(x):
            # PyTorch has no such layer: a convolution, transposed, of each channel with a kernel that has a 1 in its first corner.
            kernel = torch.zeros((shape[1], 1, *factors), dtype=x.dtype)
            kernel[(slice(None), 0) + (0,) * len(factors)] = 1
            return of_rank("conv_transpose", len(factors))(x, kernel, stride=factors, groups=shape[1])

        yield differentiable(f"{size(shape)} by {size(factors)}", {"factors": factors}, nails, {"x": normal(*shape)})


@op
def max_unpool():
    # Windows that do not overlap: PyTorch does not say what becomes of two values for one place.
    for shape, kernel, stride in [((2, 3, 8), (2,), (2,)), ((1, 2, 11), (3,), (3,)), ((2, 3, 4, 6), (2, 2), (2, 2)), ((1, 2, 7, 9), (2, 2), (2, 2)), ((1, 2, 6, 9), (3, 3), (3, 3)),
                                  ((2, 1, 5, 8), (2, 3), (3, 3)), ((1, 3, 5, 5), (5, 5), (5, 5)), ((3, 1, 6, 4), (1, 2), (2, 2)), ((1, 2, 4, 4, 6), (2, 2, 2), (2, 2, 2)), ((1, 1, 5, 4, 7), (2, 1, 3), (2, 2, 3))]:
        image = distinct(*shape)
        pooled, indices = of_rank("max_pool", len(kernel))(image, kernel, stride, return_indices=True)
        yield differentiable(f"{size(shape)}, kernel {size(kernel)}, stride {size(stride)}", {"kernel": kernel, "stride": stride, "padding": (0,) * len(kernel)},
                             lambda x: of_rank("max_unpool", len(kernel))(x, indices, kernel, stride, output_size=shape[2:]), {"x": normal(*pooled.shape)}, image=image)


@op
def pixel_shuffle():
    for shape, factor, inverse in [((2, 4, 3, 5), 2, False), ((1, 8, 2, 3), 2, False), ((1, 9, 2, 2), 3, False), ((3, 3, 2, 4), 1, False), ((1, 18, 1, 2), 3, False),
                                   ((2, 1, 4, 6), 2, True), ((1, 2, 6, 9), 3, True), ((1, 3, 2, 4), 2, True), ((2, 2, 3, 5), 1, True), ((1, 1, 8, 4), 4, True)]:
        function = F.pixel_unshuffle if inverse else F.pixel_shuffle
        yield differentiable(f"{size(shape)} by {factor}" + ", undone" * inverse, {"factor": factor, "inverse": inverse}, lambda x: function(x, factor), {"x": normal(*shape)})
