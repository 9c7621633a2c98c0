"""PageRank of a small graph as the dominant eigenvector of the dense Google matrix, by Gaussian elimination in exact
fractions: (I - M) r = 0 with sum(r) = 1. Shares nothing with the function it checks but the definition.

    python3 page-rank-reference.py > page-rank-reference.json
"""

import json
from fractions import Fraction

DAMPING = Fraction(85, 100)
# A ring with chords, a hub, a node without links out (z), one that nothing links to (q), a double edge and a loop.
EDGES = [(f"n{i}", f"n{(i + 1) % 12}") for i in range(12)]
EDGES += [(f"n{i}", f"n{(i * i + 3) % 12}") for i in range(0, 12, 2)]
EDGES += [(f"n{i}", "hub") for i in range(12)] + [("hub", "n3"), ("hub", "z"), ("hub", "hub")]
EDGES += [("q", "n5"), ("q", "n5"), ("q", "n7")]

nodes = sorted({node for edge in EDGES for node in edge})
count = len(nodes)
index = {node: i for i, node in enumerate(nodes)}
links = [0] * count
for source, _ in EDGES:
    links[index[source]] += 1

google = [[(1 - DAMPING) / count for _ in nodes] for _ in nodes]
for source, target in EDGES:
    google[index[target]][index[source]] += DAMPING / links[index[source]]
for column in range(count):
    if links[column] == 0:
        for row in range(count):
            google[row][column] += DAMPING / count

system = [[(1 if r == c else 0) - google[r][c] for c in range(count)] + [Fraction(0)] for r in range(count)]
system[-1] = [Fraction(1)] * (count + 1)
for column in range(count):
    pivot = next(r for r in range(column, count) if system[r][column] != 0)
    system[column], system[pivot] = system[pivot], system[column]
    head = system[column][column]
    system[column] = [value / head for value in system[column]]
    for row in range(count):
        if row != column and system[row][column] != 0:
            factor = system[row][column]
            system[row] = [a - factor * b for a, b in zip(system[row], system[column])]

ranks = {node: float(system[i][count]) for i, node in enumerate(nodes)}
print(json.dumps({"damping": float(DAMPING), "edges": EDGES, "ranks": ranks}, indent=1))
