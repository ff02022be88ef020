"""Writes the networks as ONNX files NET-bBATCH.onnx, for onnxruntime_bench.js. PyTorch writes them without the package onnx."""

import argparse
import os
import sys

NOT_INSTALLED = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", required=True, help="names, separated by commas")
    parser.add_argument("--batch", default="1,32", help="batch sizes, separated by commas")
    parser.add_argument("--output", required=True, help="the folder to write to")
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("PyTorch, which writes the ONNX files, is not installed: apt install python3-torch", file=sys.stderr)
        sys.exit(NOT_INSTALLED)
    from networks import NETWORKS

    os.makedirs(arguments.output, exist_ok=True)
    torch.manual_seed(1)
    for name in arguments.net.split(","):
        build, shape, _ = NETWORKS[name]
        network = build().eval()
        for batch in map(int, arguments.batch.split(",")):
            # A fixed batch lets ONNX Runtime plan its memory, and constant folding merges batch normalisations into convolutions.
            path = os.path.join(arguments.output, f"{name}-b{batch}.onnx")
            torch.onnx.export(network, torch.rand(batch, *shape), path, opset_version=13, do_constant_folding=True)


if __name__ == "__main__":
    main()
