"""Ten steps of training whole networks. A tensor has the name of the network's parameter or state; the first case of a file
has the data and the values at first, from which the others start too."""
import torch
import torch.nn.functional as F

from generate import case, classes, normal, op, uniform

OPTIMIZERS = [
    ("SGD", "SGD", {"lr": 0.02, "momentum": 0.9}),
    ("Adam", "Adam", {"lr": 0.003, "betas": (0.9, 0.999), "eps": 1e-8}),
]


def convolution(initial, name, filters, channels, kernel, bias=True, transposed=False):
    """Values at first of the variance of He et al. 2015, which keep the outputs' size from layer to layer."""
    shape = (channels, filters) if transposed else (filters, channels)
    inputs = channels if transposed else channels * kernel * kernel
    initial[f"{name}.weight"] = normal(*shape, kernel, kernel, scale=(2 / inputs) ** 0.5, decimals=2)
    if bias:
        initial[f"{name}.bias"] = normal(filters, scale=0.1)


def norm(initial, name, channels):
    initial[f"{name}.scale"] = uniform(channels, low=0.8, high=1.2)
    initial[f"{name}.shift"] = normal(channels, scale=0.1)
    initial[f"{name}.running"] = torch.stack([torch.zeros(channels), torch.ones(channels)])


def training(function, x, targets, initial, after):
    """The losses before each of ten steps, and some values after the last."""
    for name, kind, attributes in OPTIMIZERS:
        p = {key: tensor.double() for key, tensor in initial.items()}
        trained = [tensor.requires_grad_() for key, tensor in p.items() if not key.endswith(".running")]
        optimizer = getattr(torch.optim, kind)(trained, **attributes)
        losses = []
        for _ in range(10):
            loss = F.cross_entropy(function(p, x.double()), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        start = {"x": x, "targets": targets, **initial} if kind == "SGD" else {}
        yield case(name, {"optimizer": kind, **attributes}, **start, losses=torch.stack(losses), **{f"{key}_after": p[key] for key in after})


@op
def resnet():
    """3x12x12: stem of 8 filters, residual block of 8, residual block of 16 with stride 2, global average pooling, dense 5."""
    x, targets = normal(6, 3, 12, 12, decimals=2), classes(6, 5)
    initial = {}
    for i, (filters, channels, kernel) in enumerate([(8, 3, 3), (8, 8, 3), (8, 8, 3), (16, 8, 3), (16, 16, 3), (16, 8, 1)], start=1):
        convolution(initial, f"conv{i}", filters, channels, kernel, bias=False)
        norm(initial, f"batchNorm{i}", filters)
    initial["dense1.weight"], initial["dense1.bias"] = normal(5, 16, scale=0.3), normal(5, scale=0.1)

    def function(p, x):
        def layer(x, i, stride=1):
            y = F.conv2d(x, p[f"conv{i}.weight"], stride=stride, padding=0 if i == 6 else 1)
            mean, variance = p[f"batchNorm{i}.running"]
            return F.batch_norm(y, mean, variance, p[f"batchNorm{i}.scale"], p[f"batchNorm{i}.shift"], training=True, momentum=0.1, eps=1e-5)

        x = F.relu(layer(x, 1))
        x = F.relu(layer(F.relu(layer(x, 2)), 3) + x)
        x = F.relu(layer(F.relu(layer(x, 4, stride=2)), 5) + layer(x, 6, stride=2))
        return F.linear(x.mean((2, 3)), p["dense1.weight"], p["dense1.bias"])

    yield from training(function, x, targets, initial, ["conv6.weight", "batchNorm1.scale", "batchNorm1.running", "batchNorm6.running", "dense1.bias"])


@op
def unet():
    """2x12x12, 3 classes, 4 filters at the first level, 2 poolings; the class of a pixel tells how bright it is around it."""
    x = normal(3, 2, 12, 12, decimals=2)
    targets = torch.bucketize(F.avg_pool2d(x, 3, 1, 1)[:, 0].contiguous(), torch.tensor([-0.15, 0.15]))
    initial = {}
    pairs = [(4, 2), (4, 4), (8, 4), (8, 8), (16, 8), (16, 16), (8, 16), (8, 8), (4, 8), (4, 4)]
    for i, (filters, channels) in enumerate(pairs, start=1):
        convolution(initial, f"conv{i}", filters, channels, 3)
    convolution(initial, "conv11", 3, 4, 1)
    convolution(initial, "convTranspose1", 8, 16, 2, transposed=True)
    convolution(initial, "convTranspose2", 4, 8, 2, transposed=True)

    def function(p, x):
        def pair(x, i):
            for k in (i, i + 1):
                x = F.relu(F.conv2d(x, p[f"conv{k}.weight"], p[f"conv{k}.bias"], padding=1))
            return x

        def up(x, i):
            return F.conv_transpose2d(x, p[f"convTranspose{i}.weight"], p[f"convTranspose{i}.bias"], stride=2)

        first = pair(x, 1)
        second = pair(F.max_pool2d(first, 2), 3)
        x = pair(F.max_pool2d(second, 2), 5)
        x = pair(torch.cat([second, up(x, 1)], 1), 7)
        x = pair(torch.cat([first, up(x, 2)], 1), 9)
        return F.conv2d(x, p["conv11.weight"], p["conv11.bias"])

    yield from training(function, x, targets, initial, ["conv1.weight", "conv1.bias", "convTranspose2.weight", "conv11.weight", "conv11.bias"])
