"""Reference values of ops that only move, repeat or add up numbers."""
import torch
import torch.nn.functional as F

from generate import case, differentiable, normal, op, uniform


def size(shape):
    return "x".join(map(str, shape))


@op
def concat():
    """Axis 0 is the channels, after the batch."""
    for shape, axis, lengths in [((2, 2, 3), 0, (2, 1)), ((1, 1), 0, (1, 1)), ((3, 2), 0, (2, 5, 1)), ((2, 3, 2, 2), 0, (3, 1, 2)), ((1, 2, 4), 1, (4, 3)),
                                 ((2, 2, 3, 2), 1, (3, 1)), ((2, 1, 2, 4), 2, (4, 1, 3)), ((1, 2, 2, 1, 2), 0, (2, 2)), ((1, 1, 2, 2, 3), 3, (3, 2)), ((17, 3), 0, (3,))]:
        def part(length):
            return normal(*shape[:axis + 1], length, *shape[axis + 2:])

        inputs = {name: part(length) for name, length in zip(("x", "second", "third"), lengths)}
        yield differentiable(f"{size(shape)}, axis {axis}, lengths {size(lengths)}", {"axis": axis}, lambda *parts: torch.cat(parts, axis + 1), inputs)


@op
def slice():
    for shape, axis, start, length in [((2, 5), 0, 1, 3), ((1, 1), 0, 0, 1), ((3, 4, 2), 0, 3, 1), ((2, 2, 5), 1, 0, 4), ((2, 3, 3, 2), 0, 0, 2), ((1, 2, 5, 3), 1, 2, 2),
                                       ((2, 2, 2, 5), 2, 4, 1), ((1, 2, 3, 2, 2), 1, 1, 2), ((1, 1, 2, 2, 4), 3, 0, 3), ((9, 2, 2), 1, 0, 2)]:
        yield differentiable(f"{size(shape)}, axis {axis}, {length} from {start}", {"axis": axis, "start": start, "length": length},
                             lambda x: x.narrow(axis + 1, start, length), {"x": normal(*shape)})


@op
def crop():
    """The middle; of an odd number of rows or columns left over, the extra one is cut at the end."""
    for shape, height, width in [((1, 1, 3, 3), 1, 1), ((2, 2, 4, 5), 2, 3), ((1, 3, 5, 4), 2, 3), ((2, 1, 6, 3), 3, 3), ((3, 2, 2, 4), 2, 1), ((1, 2, 5, 5), 4, 4),
                                 ((2, 2, 3, 2), 3, 2), ((1, 1, 1, 7), 1, 4), ((2, 3, 4, 2), 1, 2), ((1, 5, 3, 4), 2, 2)]:
        top, left = (shape[2] - height) // 2, (shape[3] - width) // 2
        yield differentiable(f"{size(shape)} to {height}x{width}", {"height": height, "width": width},
                             lambda x: x[:, :, top:top + height, left:left + width], {"x": normal(*shape)})


@op
def split():
    """One of the equal parts of an axis."""
    for shape, parts, axis, index in [((2, 4), 2, 0, 1), ((1, 3), 3, 0, 0), ((2, 6, 2), 3, 0, 2), ((1, 2, 6), 2, 1, 0), ((2, 2, 2, 4), 4, 2, 3), ((2, 4, 3, 2), 2, 0, 0),
                                      ((1, 2, 4, 3), 2, 1, 1), ((3, 5), 1, 0, 0), ((1, 2, 2, 4, 2), 2, 2, 1), ((2, 2, 1, 2, 3), 3, 3, 1)]:
        yield differentiable(f"{size(shape)}, part {index} of {parts}, axis {axis}", {"parts": parts, "axis": axis, "index": index},
                             lambda x: x.chunk(parts, axis + 1)[index], {"x": normal(*shape)})


@op
def pad():
    for shape, axis, before, after, mode in [
        ((2, 3), 0, 1, 2, "zeros"), ((2, 2, 3), 1, 0, 3, "zeros"), ((1, 2, 2, 3), 1, 2, 0, "zeros"),
        ((2, 3), 0, 2, 1, "replicate"), ((1, 2, 3), 1, 4, 0, "replicate"), ((2, 2, 2, 3), 2, 1, 2, "replicate"),
        ((2, 4), 0, 3, 1, "reflect"), ((1, 2, 3), 1, 2, 2, "reflect"), ((1, 2, 3, 2), 1, 1, 2, "reflect"),
        ((2, 3), 0, 3, 2, "circular"), ((1, 2, 4), 1, 1, 4, "circular"), ((1, 1, 2, 3), 2, 1, 3, "circular"),
    ]:
        def function(x):
            # F.pad leaves the first two axes alone and wants the last one first.
            sides = [0, 0] * (x.dim() - 2 - axis) + [before, after] + [0, 0] * axis
            return F.pad(x.unsqueeze(1), sides, "constant" if mode == "zeros" else mode).squeeze(1)

        yield differentiable(f"{size(shape)}, axis {axis}, {before} before and {after} after, {mode}",
                             {"axis": axis, "before": before, "after": after, "mode": mode}, function, {"x": normal(*shape)})


@op
def reshape():
    for shape, to in [((2, 6), (2, 3)), ((1, 1), (1, 1, 1)), ((3, 2, 3), (6,)), ((2, 4, 2), (2, 4)), ((1, 2, 3, 2), (4, 3)), ((2, 3, 2, 2), (2, 2, 3)),
                      ((2, 8), (2, 2, 2)), ((1, 2, 2, 3), (1, 12)), ((5, 4), (2, 1, 1, 2)), ((1, 2, 2, 2, 2), (4, 2, 2))]:
        yield differentiable(f"{size(shape)} to {size(to)}", {"shape": to}, lambda x: x.reshape(-1, *to), {"x": normal(*shape)})


@op
def flatten():
    for shape in [(1, 1), (2, 5), (3, 2, 3), (1, 4, 2), (2, 2, 2, 3), (1, 3, 1, 4), (5, 1, 2, 1), (1, 2, 2, 2, 2), (2, 1, 2, 1, 3), (17, 2, 1)]:
        yield differentiable(size(shape), {}, lambda x: x.flatten(1), {"x": normal(*shape)})


@op
def reduce():
    """Sums and means over every axis that is 1 in the target, over all for a single number, and over the batch unless batched."""
    for shape, to, batched in [((2, 3, 2, 2), (3, 1, 1), True), ((1, 4, 3), (4, 1), True), ((3, 2, 3), (1, 3), True), ((2, 2, 2, 3), (1,), True), ((5, 4), (1,), True),
                               ((3, 2, 2, 2), (1,), False), ((4, 3), (3,), False), ((2, 2, 3, 2), (2, 1, 1), False), ((1, 3, 2), (1, 2), False), ((2, 2, 1, 2, 3), (2, 1, 2, 1), True)]:
        for mean in (False, True):
            axes = [] if batched else [0]
            axes += [i for i in range(1, len(shape)) if to == (1,) or to[i - 1] == 1 != shape[i]]

            def function(x):
                return (x.mean(axes) if mean else x.sum(axes)).reshape((shape[0], *to) if batched else to)

            name = f"{'mean' if mean else 'sum'} of {size(shape)} to {size(to)}" + ", not batched" * (not batched)
            yield differentiable(name, {"shape": to, "batched": batched, "mean": mean}, function, {"x": normal(*shape)})


@op
def broadcast():
    """Every axis of one element is repeated."""
    for shape, to in [((2, 3, 1, 1), (3, 2, 2)), ((1, 4, 1), (4, 3)), ((3, 1, 3), (2, 3)), ((2, 1, 1, 1), (2, 2, 2)), ((5, 1), (4,)), ((1, 2, 3, 1), (2, 3, 3)),
                      ((2, 1, 2, 2), (3, 2, 2)), ((2, 5), (5,)), ((1, 2, 1, 2, 1), (2, 2, 2, 2)), ((17, 1), (2,))]:
        yield differentiable(f"{size(shape)} to {size(to)}", {"shape": to}, lambda x: x.expand(-1, *to), {"x": normal(*shape)})


@op
def global_average_pool():
    for shape in [(1, 1, 1, 1), (2, 3, 2, 4), (1, 1, 7, 7), (3, 5, 2, 1), (1, 17, 1, 2), (17, 1, 2, 1), (2, 3, 5), (1, 4, 9), (1, 2, 2, 3, 2), (2, 1, 3, 1, 3)]:
        yield differentiable(size(shape), {}, lambda x: x.mean(tuple(range(2, x.dim())), keepdim=True), {"x": normal(*shape)})


@op
def affine():
    for i, shape in enumerate([(1, 1), (3, 5), (2, 7), (1, 2, 3), (2, 2, 2, 2), (37, 1), (1, 17), (1, 1, 3, 4), (4, 3), (1, 2, 2, 1, 3)]):
        factor, offset = [2.0, -1.0, 0.5, 1.0, 0.0][i % 5], [0.0, 1.0, -0.25][i % 3]
        yield differentiable(f"{factor} * {size(shape)} + {offset}", {"factor": factor, "offset": offset}, lambda x: factor * x + offset, {"x": normal(*shape)})


@op
def power():
    for i, shape in enumerate([(1, 1), (3, 5), (2, 7), (1, 2, 3), (2, 2, 2, 2), (37, 1), (1, 17), (1, 1, 3, 4), (4, 3), (1, 2, 2, 1, 3)]):
        exponent = [2.0, 0.5, -0.75, 3.0, 1.0][i % 5]
        yield differentiable(f"{size(shape)} to the {exponent}", {"exponent": exponent}, lambda x: x ** exponent, {"x": uniform(*shape, low=0.1, high=4)})


@op
def one_hot():
    """Flat, so without gradients."""
    for shape, count in [((1, 1), 1), ((3, 1), 4), ((17, 1), 2), ((2, 1, 3), 3), ((1, 1, 5), 2), ((2, 1, 2, 3), 4), ((1, 1, 3, 3), 2), ((2, 1, 1, 2), 6), ((1, 1, 2, 2, 2), 3), ((1, 1), 33)]:
        x = torch.randint(count, shape)
        yield case(f"{size(shape)} of {count}", {"classes": count}, x=x, y=F.one_hot(x[:, 0], count).movedim(-1, 1))


@op
def dropout():
    """Masks are not PyTorch's, so: no dropout in inference, and a rate of 0 in training; of elements or of whole channels."""
    for i, shape in enumerate([(1, 1), (3, 5), (2, 2, 3), (1, 2, 2, 3), (2, 3, 1, 2), (17, 2), (1, 4, 3), (2, 1, 2, 2), (5, 3), (1, 2, 1, 2, 2)]):
        whole, training = i % 3 == 1, i % 2 == 1
        rate = 0.0 if training else 0.25 + i / 16
        function = F.dropout2d if whole and len(shape) == 4 else F.dropout
        name = f"{size(shape)}, rate {rate}, {'training' if training else 'inference'}" + ", whole channels" * whole
        yield differentiable(name, {"rate": rate, "whole_channels": whole, "training": training},
                             lambda x: function(x, rate, training), {"x": normal(*shape)})
