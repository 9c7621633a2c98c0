"""Word count on dask.distributed, two ways. argv: file workers. A line on stdin names the way of a turn.

bag    dask's own map and reduce over records: the map gives a line's words, the framework gathers and counts them, as
       ours does. 16 MiB blocks: of 1 to 32 MiB the fastest here but for noise.
fused  futures of a function that its author wrote for whole blocks: splits, maps and counts 1 MiB in one loop.
"""
import re
import sys
import time
from collections import Counter

import dask.bag
from distributed import Client, LocalCluster

WORD = re.compile(r"[^\W\d_]+")


def count(path, start, end):
    with open(path, "rb") as f:
        f.seek(start)
        text = f.read(end - start).decode("utf8")
    counts = {}
    for line in text.split("\n"):
        for word in WORD.findall(line.lower()):  # word by word, as the function's map emits them
            counts[word] = counts.get(word, 0) + 1
    return Counter(counts)


def words(line):
    return WORD.findall(line.lower())


def bag(path, turn):
    # The size names the graph: a second turn of the same size would be answered from memory.
    blocks = dask.bag.read_text(path, blocksize=(16 << 20) - turn)
    return sum(count for _, count in blocks.map(words).flatten().frequencies().compute())


def fused(client, path, pieces):
    futures = [client.submit(count, path, a, b, pure=False) for a, b in pieces]
    while len(futures) > 1:
        futures = [client.submit(add, futures[i:i + 8], pure=False) for i in range(0, len(futures), 8)]
    return sum(futures[0].result().values())


def cuts(path, size=1 << 20):
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        end = min(at + size, len(data))
        if end < len(data):
            end = data.index(b"\n", end - 1) + 1 if b"\n" in data[end - 1:] else len(data)
        yield at, end
        at = end


def add(parts):
    total = Counter()
    for part in parts:
        total.update(part)
    return total


if __name__ == "__main__":
    path, workers = sys.argv[1], int(sys.argv[2])
    pieces = list(cuts(path))
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(len, ["warm"] * workers, pure=False))
        print("ready", flush=True)
        for turn, way in enumerate(sys.stdin):
            start = time.perf_counter()
            total = bag(path, turn) if way.strip() == "bag" else fused(client, path, pieces)
            print((time.perf_counter() - start) * 1000, total, flush=True)
