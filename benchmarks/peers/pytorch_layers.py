"""Milliseconds of single convolutions in PyTorch on the CPU, forward and both gradients, in the better of its layouts. See README.md."""

import argparse
import os
import time

from pytorch import prepare_libraries

# As in ../LayerBenchmark.cs: batch, x, filters, window, stride, padding, dilation, groups.
LAYERS = {
    "grouped": [
        (8, (128, 28, 28), 128, 3, 1, 1, 1, 32), (8, (256, 14, 14), 256, 3, 1, 1, 1, 32), (8, (512, 7, 7), 512, 3, 1, 1, 1, 32),
        (8, (1024, 14, 14), 1024, 3, 1, 1, 1, 32), (16, (96, 27, 27), 256, 5, 1, 2, 1, 2), (16, (384, 13, 13), 384, 3, 1, 1, 1, 2),
        (8, (240, 28, 28), 240, 1, 1, 0, 1, 3),
    ],
    "transposed": [(8, (32, 64, 64), 64, 4, 2, 1, 1, 1), (4, (128, 56, 56), 256, 2, 2, 0, 1, 1)],
    "dilated": [(2, (64, 64, 64), 64, 3, 1, 4, 4, 1)],
    "volume": [
        (2, (16, 32, 32, 32), 32, 3, 1, 1, 1, 1), (4, (32, 16, 16, 16), 64, 3, 1, 1, 1, 1),
        (8, (1, 32, 32, 32), 32, 5, 1, 2, 1, 1), (16, (32, 14, 14, 14), 32, 3, 1, 1, 1, 1),
    ],
    "line": [(8, (64, 256), 64, 3, 1, 1, 1, 1), (8, (128, 1000), 128, 9, 1, 4, 1, 1), (32, (32, 100), 64, 5, 1, 2, 1, 1)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", choices=LAYERS, action="append")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    prepare_libraries(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    for name in arguments.layer or LAYERS:
        for layer in LAYERS[name]:
            forward, backward = min((times(torch, layer, layout, arguments.runs) for layout in layouts(torch, layer)), key=sum)
            print(f"{name} {layer}: forward {forward * 1e3:.2f} ms, gradients {backward * 1e3:.2f} ms, in all {(forward + backward) * 1e3:.2f} ms")


def layouts(torch, layer):
    """The memory formats that PyTorch knows for as many axes."""
    last = {3: torch.channels_last, 4: torch.channels_last_3d}.get(len(layer[1]))
    return [torch.contiguous_format] + ([last] if last else [])


def times(torch, layer, layout, runs):
    """The best seconds of the forward pass, and of the gradients of input, weight and bias."""
    batch, shape, filters, window, stride, padding, dilation, groups = layer
    kind = [torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d][len(shape) - 2]
    convolution = kind(shape[0], filters, window, stride, padding, dilation, groups).to(memory_format=layout)
    x = torch.randn(batch, *shape).to(memory_format=layout).requires_grad_(True)
    best = [float("inf"), float("inf")]
    for _ in range(runs):
        start = time.perf_counter()
        y = convolution(x)
        middle = time.perf_counter()
        gradient = torch.ones_like(y)
        begin = time.perf_counter()
        y.backward(gradient)
        end = time.perf_counter()
        best = [min(best[0], middle - start), min(best[1], end - begin)]
    return best


if __name__ == "__main__":
    main()
