"""Images per second of PyTorch on a GPU, in training or prediction. See README.md."""

import argparse
import statistics
import sys

from pytorch import measure, peak_bytes, prepare_libraries, require_fast_blas, stop


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", required=True)
    parser.add_argument("--mode", choices=["train", "infer"], default="train")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, …, or cpu to try the script")
    parser.add_argument("--layout", choices=["plain", "channels-last"], default="plain")
    parser.add_argument("--tf32", choices=["on", "off"], default="off", help="19 bits instead of 32 in products and convolutions")
    parser.add_argument("--tune", choices=["on", "off"], default="on", help="cuDNN times its algorithms first (cudnn.benchmark)")
    return parser.parse_args()


def configure(torch, arguments):
    """Both switches are set, because what holds by default differs: PyTorch uses TF32 in convolutions unless told otherwise."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.tf32 == "on"
    torch.backends.cudnn.benchmark = arguments.tune == "on"
    torch.manual_seed(1)


def make_batch(torch, arguments, shape, classes):
    """Images and targets on the host, from where each step copies them; page-locked, as is usual."""
    images = torch.rand(arguments.batch, *shape)
    if arguments.layout == "channels-last":
        if len(shape) != 3:
            sys.exit(f"--layout channels-last is for images; {arguments.net} takes {'×'.join(map(str, shape))}.")
        images = images.contiguous(memory_format=torch.channels_last)
    target = torch.arange(arguments.batch) % classes
    return (images.pin_memory(), target.pin_memory()) if is_gpu(arguments) else (images, target)


def make_step(torch, arguments, network, images, target):
    """One step, from the upload until the device is done."""
    device = torch.device(arguments.device)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(network(images.to(device, non_blocking=True)), target.to(device, non_blocking=True))
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict():
        with torch.inference_mode():
            return network(images.to(device, non_blocking=True)).cpu()

    training = arguments.mode == "train"
    network.train(training)
    run = train if training else predict

    def step():
        run()
        if is_gpu(arguments):
            torch.cuda.synchronize(device)

    return step


def is_gpu(arguments):
    return arguments.device != "cpu"


def describe(torch, arguments):
    """The name of the device, and the most bytes that tensors took on it (on the CPU, the process)."""
    if is_gpu(arguments):
        return torch.cuda.get_device_name(arguments.device), torch.cuda.max_memory_allocated(arguments.device)
    return "CPU", peak_bytes()


def main():
    arguments = parse_arguments()
    prepare_libraries(threads=1)
    try:
        import torch
    except ImportError:
        stop("PyTorch is not installed: pip install torch")
    if not is_gpu(arguments):
        require_fast_blas()
    elif not torch.cuda.is_available():
        stop("PyTorch finds no GPU; --device cpu tries the script on the CPU.")
    from networks import NETWORKS

    if arguments.net not in NETWORKS:
        sys.exit(f"There is no network '{arguments.net}'; there are {', '.join(NETWORKS)}.")
    build, shape, classes = NETWORKS[arguments.net]
    configure(torch, arguments)
    network = build().to(arguments.device)
    if arguments.layout == "channels-last":
        network = network.to(memory_format=torch.channels_last)
    images, target = make_batch(torch, arguments, shape, classes)
    times = measure(make_step(torch, arguments, network, images, target), arguments.seconds)
    best, median = arguments.batch / times[0], arguments.batch / statistics.median(times)
    name, peak = describe(torch, arguments)
    print(f"{arguments.mode} {arguments.net}, batch {arguments.batch}, {name}: "
          f"best {best:,.1f} images/s, median {median:,.1f} images/s, peak {peak:,} bytes; "
          f"PyTorch {torch.__version__}, {arguments.layout}, TF32 {arguments.tf32}, cudnn.benchmark {arguments.tune} ({len(times)} runs)")


if __name__ == "__main__":
    main()
