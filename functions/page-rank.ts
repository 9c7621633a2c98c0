import { iterate, lines, param } from "sparegrid";

/**
 * PageRank (Page, Brin, Motwani & Winograd 1999) with uniform teleport; nodes without links out spread theirs evenly.
 * Input: an edge a line, "from to", separated by a comma, a tab or spaces; lines that begin with # are comments. The
 * first round learns the nodes and how many links leave each; from the second on a round sends every node's rank along
 * its links.
 */
export default iterate({
  title: "PageRank",
  description:
    "Ranks the nodes of a graph by the links between them. Input: one edge “from to” a line.",
  input: lines(),
  params: {
    damping: param.number(0.85, { min: 0, max: 1, title: "Damping" }),
    tolerance: param.number(1e-9, {
      min: 0,
      title: "Tolerance",
      description: "On the sum of changes",
    }),
    rounds: param.integer(200, { min: 1, title: "Rounds at most" }),
    top: param.integer(0, { min: 0, title: "How many nodes to list", description: "0: all" }),
  },
  init: () => ({ names: [] as string[], links: new Float64Array(0), ranks: new Float64Array(0) }),
  map(edges, { names, links, ranks }) {
    const discover = names.length === 0;
    const indices = new Map<string, number>();
    for (let i = 0; i < names.length; i++) indices.set(names[i]!, i);
    const found: string[] = [];
    const leaving: number[] = [];
    const flow = new Float64Array(names.length);
    for (const edge of edges) {
      const text = edge.trim();
      if (text === "" || text[0] === "#") continue;
      const [from, to, more] = text.split(/\s*,\s*|\s+/);
      if (from === undefined || to === undefined || to === "" || more !== undefined)
        throw new Error(`“${text.slice(0, 80)}” is not an edge`);
      if (discover) {
        for (const name of [from, to])
          if (!indices.has(name)) {
            indices.set(name, found.length);
            found.push(name);
            leaving.push(0);
          }
        leaving[indices.get(from)!]! += 1;
      } else {
        const source = indices.get(from)!;
        flow[indices.get(to)!]! += ranks[source]! / links[source]!;
      }
    }
    return { names: found, links: Float64Array.from(leaving), flow };
  },
  merge(a, b) {
    for (let i = 0; i < a.flow.length; i++) a.flow[i]! += b.flow[i]!;
    const { names } = a;
    const links = Array.from(a.links);
    const indices = new Map<string, number>();
    for (let i = 0; i < names.length; i++) indices.set(names[i]!, i);
    for (let i = 0; i < b.names.length; i++) {
      const at = indices.get(b.names[i]!);
      if (at !== undefined) links[at]! += b.links[i]!;
      else {
        names.push(b.names[i]!);
        links.push(b.links[i]!);
      }
    }
    return { names, links: Float64Array.from(links), flow: a.flow };
  },
  step(state, total, { params, round }) {
    if (round === 1) {
      const count = total.names.length;
      if (count === 0) throw new Error("there are no edges");
      const ranks = new Float64Array(count).fill(1 / count);
      return {
        state: { names: total.names, links: total.links, ranks },
        metrics: { nodes: count },
      };
    }
    const { names, links, ranks } = state;
    const count = names.length;
    let kept = 0;
    for (let i = 0; i < count; i++) if (links[i] === 0) kept += ranks[i]!;
    const base = (1 - params.damping + params.damping * kept) / count;
    let moved = 0;
    for (let i = 0; i < count; i++) {
      const rank = base + params.damping * total.flow[i]!;
      moved += Math.abs(rank - ranks[i]!);
      ranks[i] = rank;
    }
    return {
      state: { names, links, ranks },
      done: moved <= params.tolerance || round > params.rounds,
      metrics: { moved },
    };
  },
  /** The highest rank first. */
  finish({ names, ranks }, { params }) {
    const list = names.map((node, i) => ({ node, rank: ranks[i]! }));
    list.sort((a, b) => b.rank - a.rank || (a.node < b.node ? -1 : 1));
    return params.top > 0 ? list.slice(0, params.top) : list;
  },
  example: { input: ["a b", "b c", "c a", "d a"] },
});
