"""Cuts the first 5,000 training and 1,000 test images of Fashion-MNIST into this folder.

    python3 cut.py FOLDER    FOLDER holds the four original .gz files
"""
import gzip
import pathlib
import struct
import sys

COUNTS = {"train": 5000, "t10k": 1000}


def cut(data: bytes, count: int) -> bytes:
    """The first `count` items of an idx file, with the count in its header corrected."""
    dimensions = data[3]
    magic, _, *item_shape = struct.unpack_from(f">{1 + dimensions}I", data)
    item_size = 1
    for extent in item_shape:
        item_size *= extent
    start = 4 * (1 + dimensions)
    return struct.pack(f">{1 + dimensions}I", magic, count, *item_shape) + data[start:start + count * item_size]


def main() -> None:
    source = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).resolve().parent
    for split, count in COUNTS.items():
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            name = f"{split}-{kind}.gz"
            data = cut(gzip.decompress((source / name).read_bytes()), count)
            # No file name and no time in the gzip header, as with `gzip -9 -n`: the same input gives the same bytes.
            (target / name).write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
