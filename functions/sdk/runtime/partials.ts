import { nodeSpan, rootLevel } from "../../../protocol/merge-tree.ts";
import type { Partial } from "./reply.ts";

/**
 * Merges partials along the tree of protocol/merge-tree.ts as they come, in order of their tasks. What is left on the
 * stack is the canonical cover of what came in, whatever the cut: two siblings become their parent, and a last node
 * without a sibling (the tree's ragged right edge) is its own parent.
 */
export interface Merger {
  push(partial: Partial): void;
  /** Left to right. */
  readonly nodes: readonly Partial[];
}

/** @param levelMax where to stop climbing; the root when absent */
export function createMerger(
  leaves: number,
  merge: (left: Partial, right: Partial) => Partial,
  levelMax = rootLevel(leaves),
): Merger {
  const nodes: Partial[] = [];
  return {
    nodes,
    push(partial) {
      let node = partial;
      while (node.level < levelMax) {
        const parent = { level: node.level + 1, index: (node.index - (node.index % 2)) / 2 };
        if (node.index % 2 === 1) {
          const left = nodes[nodes.length - 1];
          if (left?.level !== node.level || left.index !== node.index - 1) break;
          nodes.length--;
          node = { ...merge(left, node), ...parent };
        } else {
          const sibling = nodeSpan({ level: node.level, index: node.index + 1 }, leaves);
          if (sibling.lo < leaves) break;
          node = { ...node, ...parent };
        }
      }
      nodes[nodes.length] = node;
    },
  };
}
