"""Rounds on dask.distributed: argv: workers. A line "rounds N" runs N rounds of 16 tasks and a reduce and prints the
median ms of one; a line "tasks N" runs N tiny tasks and prints tasks a second."""
import statistics
import sys
import time

from distributed import Client, LocalCluster


def one(i):
    return i + 1


if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(one, range(16), pure=False))
        print("ready", flush=True)
        for line in sys.stdin:
            what, n = line.split()
            if what == "rounds":
                times = []
                for _ in range(int(n)):
                    start = time.perf_counter()
                    client.submit(sum, client.map(one, range(16), pure=False), pure=False).result()
                    times.append((time.perf_counter() - start) * 1000)
                print(statistics.median(times), flush=True)
            else:
                start = time.perf_counter()
                client.gather(client.map(one, range(int(n)), pure=False))
                print(int(n) / (time.perf_counter() - start), flush=True)
