"""Images per second of PyTorch on the CPU, in training or prediction. See README.md."""

import argparse
import os
import statistics
import sys
import time

NOT_INSTALLED = 3


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", required=True)
    parser.add_argument("--mode", choices=["train", "infer"], default="train")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--layout", choices=["plain", "channels-last"], default="plain")
    return parser.parse_args()


def prepare_libraries(threads):
    """The libraries below PyTorch read these when they are loaded: before `import torch`."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
    # OpenBLAS up to 0.3.21 does not know Zen 4 and 5 and takes kernels of half the width.
    description = read("/proc/cpuinfo")
    if "AuthenticAMD" in description and "avx512f" in description:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SKYLAKEX")


def require_fast_blas():
    """Debian's default BLAS is the unvectorised reference: dense layers would be some thirty times slower, and no peer."""
    if "/blas/libblas.so" in read("/proc/self/maps"):
        stop("PyTorch found only the reference BLAS. Install OpenBLAS: apt install libopenblas0-pthread")


def read(path):
    """The text of a file of Linux's /proc, which other systems lack."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def stop(message):
    print(message, file=sys.stderr)
    sys.exit(NOT_INSTALLED)


def make_training_step(torch, network, images, classes):
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    target = torch.arange(len(images)) % classes

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(network(images), target).backward()
        optimizer.step()

    return step


def make_prediction(torch, network, images):
    network.eval()

    def predict():
        with torch.inference_mode():
            network(images)

    return predict


def measure(run, seconds):
    """The time of each run, sorted: after a warm-up at least five, and for so many seconds, like NetworkBenchmark."""
    repeat(run, 3, 2)
    return sorted(repeat(run, 5, seconds))


def repeat(run, runs, seconds):
    times, start = [], time.perf_counter()
    while len(times) < runs or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return times


def peak_bytes():
    """The peak resident size. ru_maxrss also remembers the parent's before exec, so Linux's own count for this program goes first."""
    for line in read("/proc/self/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    import resource
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def main():
    arguments = parse_arguments()
    prepare_libraries(arguments.threads)
    try:
        import torch
    except ImportError:
        stop("PyTorch is not installed: apt install python3-torch libopenblas0-pthread")
    require_fast_blas()
    from networks import NETWORKS

    if arguments.net not in NETWORKS:
        sys.exit(f"There is no network '{arguments.net}'; there are {', '.join(NETWORKS)}.")
    build, shape, classes = NETWORKS[arguments.net]
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    network, images = build(), torch.rand(arguments.batch, *shape)
    if arguments.layout == "channels-last":
        if len(shape) != 3:
            sys.exit(f"--layout channels-last is for images; {arguments.net} takes {'×'.join(map(str, shape))}.")
        network, images = network.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)

    training = arguments.mode == "train"
    run = make_training_step(torch, network, images, classes) if training else make_prediction(torch, network, images)
    times = measure(run, arguments.seconds)
    best, median = arguments.batch / times[0], arguments.batch / statistics.median(times)
    print(f"{arguments.mode} {arguments.net}, batch {arguments.batch}, {arguments.threads} thread(s): "
          f"best {best:,.1f} images/s, median {median:,.1f} images/s, peak {peak_bytes():,} bytes; "
          f"PyTorch {torch.__version__}, {arguments.layout} ({len(times)} runs)")


if __name__ == "__main__":
    main()
