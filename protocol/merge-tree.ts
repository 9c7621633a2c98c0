/**
 * The merge tree of an iterative stage. Floating-point merging is not associative, so partials are always merged along
 * one binary tree over the task indices, whatever runs of tasks the leases happened to carry: node (level, index)
 * covers tasks [index·2^level, min((index+1)·2^level, tasks)). A run of tasks is merged by its runner up to the maximal
 * nodes it covers (its canonical cover); whoever merges next continues along the same tree. So the same job gives the
 * same bytes on one runner or a hundred.
 */
export interface TreeNode {
  level: number;
  index: number;
}

/** Tasks that a node covers: [lo, hi). */
export function nodeSpan(node: TreeNode, tasks: number): { lo: number; hi: number } {
  const width = 2 ** node.level;
  return { lo: node.index * width, hi: Math.min((node.index + 1) * width, tasks) };
}

/** Height of the root over `tasks` leaves. */
export function rootLevel(tasks: number): number {
  let level = 0;
  while (2 ** level < tasks) level++;
  return level;
}

/** The maximal nodes that exactly cover tasks [lo, hi), left to right. */
export function canonicalCover(lo: number, hi: number, tasks: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  const top = rootLevel(tasks);
  for (let at = lo; at < hi; ) {
    let level = 0;
    while (level < top) {
      const span = nodeSpan({ level: level + 1, index: Math.floor(at / 2 ** (level + 1)) }, tasks);
      if (span.lo !== at || span.hi > hi) break;
      level++;
    }
    const node = { level, index: at / 2 ** level };
    nodes.push(node);
    at = nodeSpan(node, tasks).hi;
  }
  return nodes;
}
