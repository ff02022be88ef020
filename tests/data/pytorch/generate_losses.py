"""Reference values of losses: the value, and its gradient for the output."""
import torch
import torch.nn.functional as F

from generate import case, gradients, normal, op, uniform

SHAPES = [(1, 2), (3, 5), (2, 7), (17, 3), (2, 3, 4, 5), (1, 4, 3, 3), (4, 2, 2, 2), (2, 33), (1, 6, 1, 2), (5, 4)]


def size(shape):
    return "x".join(map(str, shape))


def loss_case(name, attributes, function, x, **targets):
    loss, grads = gradients(lambda x: function(x), {"x": x})
    return case(name, attributes, x=x, **targets, loss=loss, **grads)


def places(shape, ignore=None):
    """A class index for each place."""
    target = torch.randint(shape[1], (shape[0], *shape[2:]))
    if ignore is not None:
        target[torch.rand(target.shape) < 0.3] = ignore
        target.flatten()[0] = 0
    return target


@op
def weighted_cross_entropy():
    for i, shape in enumerate(SHAPES):
        weights = uniform(shape[1], low=0.2, high=3) if i % 2 else None
        smoothing, ignore = [0.0, 0.1, 0.3][i % 3], [None, 255][i % 4 // 2]
        target = places(shape, ignore)
        attributes = {"smoothing": smoothing} | ({} if ignore is None else {"ignore": ignore})
        more = {} if weights is None else {"weights": weights}
        yield loss_case(f"{size(shape)}, smoothing {smoothing}" + ", weights" * (weights is not None) + ", ignoring" * (ignore is not None), attributes,
                        lambda x: F.cross_entropy(x, target, None if weights is None else weights.double(), ignore_index=-100 if ignore is None else ignore,
                                                  label_smoothing=smoothing),
                        normal(*shape, scale=2.0), target=target.unsqueeze(1), **more)


def elementwise(function, target, attributes=lambda i: {}):
    for i, shape in enumerate(SHAPES):
        t, chosen = target(*shape), attributes(i)
        yield loss_case(size(shape) + "".join(f", {k} {v}" for k, v in chosen.items()), chosen, lambda x: function(x, t.double(), **chosen),
                        normal(*shape, scale=2.0), target=t)


@op
def l1_loss():
    yield from elementwise(F.l1_loss, lambda *shape: normal(*shape))


@op
def huber_loss():
    yield from elementwise(F.huber_loss, lambda *shape: normal(*shape), lambda i: {"delta": [1.0, 0.5, 3.0][i % 3]})


@op
def binary_cross_entropy():
    yield from elementwise(F.binary_cross_entropy_with_logits, lambda *shape: uniform(*shape, low=0, high=1).round() if shape[0] % 2 else uniform(*shape, low=0, high=1))


@op
def kl_div():
    def function(x, t):
        count = x.numel() / x.shape[1]
        return F.kl_div(F.log_softmax(x, 1), t, reduction="sum") / count

    for shape in SHAPES:
        t = F.softmax(normal(*shape, scale=1.5), 1)
        if shape[0] == 3:
            t[0] = 0
            t[0, 1] = 1
        t = t.float()
        yield loss_case(size(shape), {}, lambda x: function(x, t.double()), normal(*shape), target=t)


def masks(*shape):
    return (torch.rand(shape) < 0.5).float()


@op
def dice():
    def function(x, t, smooth):
        p, axes = torch.sigmoid(x), tuple(range(2, x.dim()))
        total = (lambda v: v.sum(axes)) if axes else (lambda v: v)
        return (1 - (2 * total(p * t) + smooth) / (total(p) + total(t) + smooth)).mean()

    yield from elementwise(function, masks, lambda i: {"smooth": [1.0, 0.1][i % 2]})


@op
def soft_jaccard():
    def function(x, t, smooth):
        p, axes = torch.sigmoid(x), tuple(range(2, x.dim()))
        total = (lambda v: v.sum(axes)) if axes else (lambda v: v)
        both = total(p * t)
        return (1 - (both + smooth) / (total(p) + total(t) - both + smooth)).mean()

    yield from elementwise(function, masks, lambda i: {"smooth": [1.0, 0.1][i % 2]})


@op
def focal():
    def function(x, t, gamma, alpha):
        p = torch.sigmoid(x)
        p_t = p * t + (1 - p) * (1 - t)
        return ((alpha * t + (1 - alpha) * (1 - t)) * (1 - p_t) ** gamma * F.binary_cross_entropy_with_logits(x, t, reduction="none")).mean()

    yield from elementwise(function, masks, lambda i: {"gamma": [2.0, 0.0, 1.0, 3.5][i % 4], "alpha": [0.25, 0.6][i % 2]})


@op
def hinge():
    """All wrong classes (Weston and Watkins; PyTorch divides by the number of classes), or the worst one (Crammer and Singer)."""
    for i, shape in [*enumerate(SHAPES), *enumerate(SHAPES, start=1)]:
        target, margin, worst = places(shape), [1.0, 0.5][i % 2], i % 2 == 1

        def function(x):
            x = x.movedim(1, -1).reshape(-1, shape[1])
            t = target.reshape(-1)
            if not worst:
                return F.multi_margin_loss(x, t, margin=margin) * shape[1]
            right = x.gather(1, t[:, None])
            wrong = x.scatter(1, t[:, None], float("-inf")).max(1, keepdim=True).values
            return F.relu(margin + wrong - right).mean()

        yield loss_case(f"{size(shape)}, margin {margin}" + ", worst" * worst, {"margin": margin, "worst": worst}, function, normal(*shape, scale=2.0),
                        target=target.unsqueeze(1))


@op
def triplet():
    for n, width, margin in [(1, 1, 1.0), (3, 4, 1.0), (2, 7, 0.2), (9, 3, 2.0), (4, 16, 1.0), (5, 2, 0.5), (2, 33, 5.0), (1, 5, 3.0), (37, 2, 1.0), (3, 3, 0.0)]:
        inputs = {name: normal(n, width) for name in ("x", "positive", "negative")}
        loss, grads = gradients(lambda a, p, n: F.triplet_margin_loss(a, p, n, margin), inputs)
        yield case(f"{n}x{width}, margin {margin}", {"margin": margin}, **inputs, loss=loss, **grads)


@op
def contrastive():
    for n, width, margin in [(1, 1, 1.0), (3, 4, 3.0), (2, 7, 4.0), (9, 3, 2.0), (4, 16, 6.0), (5, 2, 0.5), (2, 33, 9.0), (1, 5, 3.0), (37, 2, 1.0), (3, 3, 5.0)]:
        same = (torch.arange(n) % 2).float().unsqueeze(1)
        inputs = {"x": normal(n, width), "other": normal(n, width)}

        def function(x, other):
            d = F.pairwise_distance(x, other)
            return (same[:, 0] * d ** 2 + (1 - same[:, 0]) * F.relu(margin - d) ** 2).mean()

        loss, grads = gradients(function, inputs)
        yield case(f"{n}x{width}, margin {margin}", {"margin": margin}, **inputs, same=same, loss=loss, **grads)
