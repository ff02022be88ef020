"""Reference values of group, layer, instance and local response normalisation, permutations, embeddings and recurrent layers."""
import torch
import torch.nn.functional as F

from generate import case, classes, differentiable, gradients, normal, op


def size(shape):
    return "x".join(map(str, shape))


@op
def group_norm():
    for shape, groups, eps in [((2, 4, 3, 3), 2, 1e-5), ((1, 2, 2, 2), 1, 1e-3), ((3, 6, 2, 3), 3, 1e-5), ((2, 3, 4, 4), 3, 1e-5), ((2, 8, 3), 4, 1e-5),
                               ((5, 6), 2, 1e-2), ((1, 9, 2, 2), 3, 1e-5), ((2, 5, 3, 2), 5, 1e-4), ((2, 5, 3, 2), 1, 1e-5), ((1, 4, 1, 5), 2, 1e-5)]:
        inputs = {"x": normal(*shape, mean=0.5), "scale": normal(shape[1], mean=1.0), "shift": normal(shape[1])}
        yield differentiable(f"{size(shape)}, {groups} groups", {"groups": groups, "eps": eps},
                             lambda x, scale, shift: F.group_norm(x, groups, scale, shift, eps), inputs)


@op
def layer_norm():
    for shape in [(2, 4, 3, 3), (1, 2, 2, 2), (3, 6), (2, 3, 4), (5, 1, 2, 2), (1, 10), (4, 2, 5), (2, 3, 1, 3), (2, 7), (3, 2, 2, 2)]:
        inputs = {"x": normal(*shape, mean=0.5), "scale": normal(*shape[1:], mean=1.0), "shift": normal(*shape[1:])}
        yield differentiable(size(shape), {"eps": 1e-5}, lambda x, scale, shift: F.layer_norm(x, shape[1:], scale, shift, 1e-5), inputs)


@op
def instance_norm():
    for shape in [(2, 4, 3, 3), (1, 2, 2, 2), (3, 6, 5), (2, 3, 4, 2), (5, 1, 2, 3), (1, 10, 3), (4, 2, 5), (2, 3, 1, 3), (2, 7, 2, 2), (1, 3, 6, 5)]:
        inputs = {"x": normal(*shape, mean=0.5), "scale": normal(shape[1], mean=1.0), "shift": normal(shape[1])}
        yield differentiable(size(shape), {"eps": 1e-5}, lambda x, scale, shift: F.instance_norm(x, weight=scale, bias=shift, eps=1e-5), inputs)


@op
def local_response_norm():
    for shape, n, alpha, beta, k in [((2, 4, 3, 3), 5, 1e-4, 0.75, 2.0), ((1, 7, 2, 2), 3, 0.5, 0.75, 1.0), ((2, 6, 3), 2, 0.3, 0.5, 1.0), ((3, 5, 2), 4, 1.0, 0.6, 1.5),
                                     ((1, 1, 3, 3), 5, 0.1, 0.75, 1.0), ((2, 9, 2, 1), 5, 0.2, 1.0, 1.0), ((2, 3, 2, 2), 1, 0.7, 0.75, 1.0),
                                     ((1, 12, 1, 3), 7, 0.4, 0.9, 2.0), ((4, 3, 2), 3, 0.2, 0.75, 1.0), ((1, 5, 4, 4), 5, 2.0, 0.75, 1.0)]:
        yield differentiable(f"{size(shape)}, {n} channels, alpha {alpha}, beta {beta}, k {k}", {"channels": n, "alpha": alpha, "beta": beta, "k": k},
                             lambda x: F.local_response_norm(x, n, alpha, beta, k), {"x": normal(*shape)})


@op
def permute():
    for shape, axes in [((2, 3, 4), (1, 0)), ((2, 3, 4, 5), (2, 0, 1)), ((1, 2, 3, 2), (0, 2, 1)), ((3, 2, 2, 2), (1, 2, 0)), ((2, 6), (0,)), ((2, 2, 3, 4), (2, 1, 0)),
                        ((1, 5, 2), (0, 1)), ((2, 2, 1, 3), (1, 0, 2)), ((2, 2, 3, 2, 2), (3, 0, 2, 1)), ((3, 4, 1), (1, 0))]:
        yield differentiable(f"{size(shape)} by {axes}", {"axes": axes}, lambda x: x.permute(0, *(a + 1 for a in axes)), {"x": normal(*shape)})


@op
def embedding():
    for n, steps, vocabulary, width in [(1, 1, 1, 1), (2, 3, 4, 2), (3, 5, 6, 3), (1, 7, 3, 4), (5, 2, 9, 2), (2, 6, 2, 5), (4, 4, 10, 3), (1, 3, 20, 2), (2, 2, 3, 8), (3, 3, 5, 5)]:
        indices, dy = torch.randint(vocabulary, (n, steps)), normal(n, steps, width)
        table = normal(vocabulary, width)
        y, grads = gradients(lambda table: F.embedding(indices, table), {"table": table}, dy)
        yield case(f"{n}x{steps} of {vocabulary}x{width}", {}, indices=indices, table=table, y=y, dy=dy, **grads)


def recurrent(kind, gates):
    """A layer over the steps; where there is a mask, a step of 0 keeps the state."""
    for n, steps, features, units, masked in [(1, 1, 1, 1, False), (2, 3, 2, 3, False), (3, 4, 3, 2, False), (2, 5, 1, 2, True), (1, 2, 4, 3, False), (3, 3, 2, 2, True),
                                              (2, 4, 3, 3, True), (4, 2, 2, 1, False), (1, 6, 2, 2, False), (2, 2, 5, 2, True)]:
        inputs = {"x": normal(n, steps, features), f"{kind}.weight": normal(gates * units, features, scale=0.7),
                  f"{kind}.bias": normal(gates * units, scale=0.5), f"{kind}.stateWeight": normal(gates * units, units, scale=0.7)}
        if kind == "gru":
            inputs["gru.stateBias"] = normal(gates * units, scale=0.5)
        mask = (torch.rand(n, steps) < 0.6).float() if masked else torch.ones(n, steps)

        def function(x, weight, bias, state_weight, state_bias=None):
            h, c, states = torch.zeros(n, units, dtype=x.dtype), torch.zeros(n, units, dtype=x.dtype), []
            for t in range(steps):
                keep = mask[:, t:t + 1].to(x.dtype)
                if kind == "gru":
                    new = torch.gru_cell(x[:, t], h, weight, state_weight, bias, state_bias)
                else:
                    new, new_c = torch.lstm_cell(x[:, t], (h, c), weight, state_weight, bias, torch.zeros_like(bias))
                    c = c + keep * (new_c - c)
                h = h + keep * (new - h)
                states.append(h)
            return torch.stack(states, 1)

        more = {"mask": mask} if masked else {}
        yield differentiable(f"{n}x{steps}x{features} to {units}" + ", masked" * masked, {"units": units, "masked": masked}, function, inputs, **more)


@op
def lstm():
    yield from recurrent("lstm", 4)


@op
def gru():
    yield from recurrent("gru", 3)
