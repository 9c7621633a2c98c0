/** For tests: a seeded generator of small programs that always end. */
export interface RandomProgramOptions {
  seed: number;
  /** Exceptions that leave loops overpay (see emit.ts): without them, fuel equals `ticks` exactly. */
  throws: boolean;
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let s = seed | 0;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The program counts its own iterations and function entries in `ticks` (without calls, so that loops stay countable)
 * and returns [ticks, trace].
 */
export function randomProgram({ seed, throws }: RandomProgramOptions): string {
  const random = randomOf(seed);
  const int = (below: number) => Math.floor(random() * below);
  const pick = <T>(items: readonly T[]): T => items[int(items.length)]!;
  let names = 0;
  const fresh = (prefix: string) => `${prefix}${names++}`;
  const functions: { name: string; kind: "plain" | "generator" | "class" }[] = [];

  interface Scope {
    readable: string[];
    /** No loop variables. */
    writable: string[];
    labels: string[];
    inLoop: boolean;
    inFunction: boolean;
    inGenerator: boolean;
    depth: number;
  }

  function expression(scope: Scope, depth = 0): string {
    const roll = int(depth > 2 ? 3 : 12);
    if (roll < 2) return String(int(6));
    if (roll < 6) return pick(scope.readable);
    if (roll < 9)
      return `(${expression(scope, depth + 1)} ${pick(["+", "-", "*", "%", "|", "<", "==="])} ${expression(scope, depth + 1)})`;
    if (roll === 9) return `(list[${expression(scope, depth + 1)} & 7] ?? 1)`;
    if (roll === 10)
      return `Math.${pick(["abs", "floor", "sign"])}(${expression(scope, depth + 1)})`;
    const callable = functions.filter(({ kind }) => kind === "plain");
    return callable.length > 0 && scope.depth < 2
      ? `${pick(callable).name}(${expression(scope, depth + 1)})`
      : "bound";
  }

  function block(scope: Scope, count: number): string {
    const inner: Scope = {
      ...scope,
      readable: [...scope.readable],
      writable: [...scope.writable],
    };
    return Array.from({ length: count }, () => statement(inner)).join("\n");
  }

  function body(scope: Scope, extra: Partial<Scope> = {}): string {
    return `{ ticks++; ${block({ ...scope, ...extra, inLoop: true, depth: scope.depth + 1 }, 1 + int(3))} }`;
  }

  function loop(scope: Scope): string {
    const i = fresh("i");
    const label = int(4) === 0 ? fresh("label") : undefined;
    const labels = label ? [...scope.labels, label] : scope.labels;
    const inner = { readable: [...scope.readable, i], labels };
    const head = label ? `${label}: ` : "";
    const bound = pick([
      "3",
      "bound",
      "limit",
      "list.length",
      "bound + 1",
      "2",
      "text",
      "undefined",
      "big",
    ]);
    switch (int(9)) {
      case 0:
      case 1:
        return `${head}for (let ${i} = 0; ${i} < ${bound}; ${i}++) ${body(scope, inner)}`;
      case 2:
        return `${head}for (var ${i} = ${int(5)}; ${i} ${pick([">", ">="])} 0; ${i} -= ${1 + int(2)}) ${body(scope, inner)}`;
      case 3:
        return `${head}for (let ${i} = ${expression(scope)}, ${i}z = 4; ${i} <= ${i}z && ${i} >= 0; ${i} += 2) ${body(scope, inner)}`;
      case 4: {
        const from = pick(["bound", "-1", "limit - 2", "0.5"]);
        return `${head}for (let ${i} = ${from}; ${i} <= 4; ${i} += ${1 + int(3)}) ${body(scope, inner)}`;
      }
      case 5:
        return `let ${i} = 0; ${head}while (${i}++ < ${1 + int(4)}) ${body(scope, inner)}`;
      case 6:
        return `let ${i} = 0; ${head}do ${body(scope, inner)} while (++${i} < ${int(4)});`;
      case 7: {
        const generators = functions.filter(({ kind }) => kind === "generator");
        const items =
          generators.length > 0 && int(2) === 0 ? `${pick(generators).name}()` : "[...list]";
        return `${head}for (const ${i} of ${items}) ${body(scope, inner)}`;
      }
      default:
        return `${head}for (const ${i} in { a: 1, b: 2 }) ${body(scope, { labels })}`;
    }
  }

  function declareFunction(scope: Scope): string {
    const name = fresh("f");
    const p = fresh("p");
    const kind = pick(["plain", "plain", "generator", "class"] as const);
    const inner: Scope = {
      ...scope,
      readable: [...scope.readable, p],
      writable: [...scope.writable, p],
      labels: [],
      inLoop: false,
      inFunction: true,
      inGenerator: kind === "generator",
      depth: scope.depth + 1,
    };
    const code = `ticks++; ${block(inner, 1 + int(3))}`;
    // Before it is known: nothing recurs.
    const value = expression(inner);
    // A function is known only where it is declared; a nested one must not be called from elsewhere.
    if (scope.depth === 0) functions.push({ name, kind });
    if (kind === "generator") return `function* ${name}(${p} = 1) { ${code} yield ${p}; }`;
    if (kind === "class")
      return `class ${name} { x = (ticks++, ${p}0()); y = () => 1; constructor(${p}) { ${code} } }
        function ${p}0() { ticks++; return 2; }`;
    if (int(3) === 0)
      return `const ${name} = (${p}, { q = 2, ...r } = {}) => (ticks++, ${value} + q);`;
    return `function ${name}(${p}, ...rest) { ${code} return ${value}; }`;
  }

  function statement(scope: Scope): string {
    const roll = int(scope.depth > 3 ? 6 : 16);
    switch (roll) {
      case 0:
      case 1:
        return `trace.push(${expression(scope)});`;
      case 2:
      case 3:
        return `${pick(scope.writable)} = ${expression(scope)} | 0;`;
      case 4:
        if (scope.labels.length > 0 && int(2) === 0)
          return `if (${expression(scope)}) ${pick(["break", "continue"])} ${pick(scope.labels)};`;
        return scope.inLoop ? `if (${expression(scope)}) ${pick(["break", "continue"])};` : ";";
      case 5:
        if (scope.inGenerator && int(2) === 0) return `yield ${expression(scope)};`;
        if (throws && int(3) === 0) return `if (${expression(scope)}) throw new Error("t" + a);`;
        return scope.inFunction ? `if (${expression(scope)}) return ${expression(scope)};` : ";";
      case 6: {
        const name = fresh("v");
        const text = `let ${name} = ${expression(scope)};`;
        scope.readable.push(name);
        scope.writable.push(name);
        return text;
      }
      case 7:
        return `if (${expression(scope)}) { ${block(scope, 2)} } else { ${block(scope, 1)} }`;
      case 8: {
        if (!throws) return `list[${expression(scope)} & 7] = ${expression(scope)};`;
        const parameter = pick(["", "(e)", "({ message, name = 1 })"]);
        const last = int(2) === 0 ? `finally { trace.push("f"); ${block(scope, 1)} }` : "";
        return `try { ${block(scope, 2)} null.x; } catch ${parameter} { ${block(scope, 1)} } ${last}`;
      }
      case 9:
        return `switch (${expression(scope)}) { case 1: ${block(scope, 1)} default: ${block(scope, 1)} }`;
      case 10: {
        if (scope.depth > 1) return ";";
        const known = functions.filter(({ kind }) => kind === "class");
        return known.length > 0 ? `trace.push(new ${pick(known).name}(2).x);` : ";";
      }
      case 11:
        return scope.depth < 2 ? `{ ${declareFunction(scope)} }` : ";";
      default:
        return loop(scope);
    }
  }

  const scope: Scope = {
    readable: ["a", "b", "bound", "limit"],
    writable: ["a", "b"],
    labels: [],
    inLoop: false,
    inFunction: false,
    inGenerator: false,
    depth: 0,
  };
  const parts = Array.from({ length: 2 }, () => declareFunction(scope));
  parts.push(block(scope, 6));
  return `let ticks = 0, a = 1, b = 2; const trace = [], list = [3, 1, 2], bound = 3, text = "2", big = 2n; let limit = 2;
${parts.join("\n")}
return [ticks, trace];`;
}
