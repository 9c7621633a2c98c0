import { type AnyNode, parse, tokTypes } from "acorn";
import MagicString, { type SourceMap } from "magic-string";
import { type Counted, countedLoop, isFixedWithin } from "./counted.ts";
import {
  boundName,
  chargeNest,
  createEmit,
  type Emit,
  type Nest,
  type RegionTexts,
  readBounds,
} from "./emit.ts";
import { type Refusal, refusalOf, refuseTopLevelAwait } from "./forbidden.ts";
import { factsOf, isLoop, type Loop, type LoopFacts } from "./loops.ts";
import { chooseNames, collectName, type MeterNames } from "./names.ts";
import { analyzeScopes, childrenOf, type FunctionNode, isFunction, type Scopes } from "./scopes.ts";

export interface Metered {
  /** Statements for the body of a function; `preamble(names, runtime)` must be in scope. */
  code: string;
  map: SourceMap;
  names: MeterNames;
  /** The module's default export is the body's `return`. */
  hasDefault: boolean;
}

/** The source cannot be metered. Offsets are of that source. */
export class MeterRefusal extends Error {
  override name = "MeterRefusal";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

interface Region {
  texts: RegionTexts;
  /** Declared in the region: a jump to one of them does not leave it. */
  labels: readonly string[];
}

/** Where a node stands, as far as metering asks. */
interface Place {
  region: Region | undefined;
  /** Outside of every function. */
  atTop: boolean;
  /** The outermost label on the statement at hand. */
  label?: AnyNode;
}

/**
 * Makes a module count its own work, the same on every machine. It charges
 *
 * - one unit per function entry and per field initialiser, straight to the meter
 * - a counted loop's trips once, before it, together with those of the counted loops that every iteration runs
 * - one unit per iteration of any other loop, in a local counter that the outermost such loop of a function declares
 *   (a region, see emit.ts) and that is paid for in advance
 *
 * - one unit per iteration of a loop that yields or awaits, straight to the meter
 *
 * Regular expressions and builtins are not counted; the time limit bounds them.
 * @throws MeterRefusal for forbidden syntax; SyntaxError (acorn's, with `pos`) when it does not parse
 */
export function meterModule(source: string): Metered {
  const arrows: number[] = [];
  const program = parse(source, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowReturnOutsideFunction: true,
    ranges: true, // for eslint-scope
    onToken: (token) => {
      if (token.type === tokTypes.arrow) arrows.push(token.start);
    },
  });
  const scopes = analyzeScopes(program);
  const identifiers = new Set<string>();
  forEachNode(program, (node) => {
    collectName(node, identifiers);
    const refusal = refusalOf(node, scopes);
    if (refusal) throw new MeterRefusal(refusal);
  });
  const names = chooseNames(source, identifiers);
  const text = new MagicString(source);
  const meter = new Meter(source, text, scopes, names, arrows);
  for (const node of program.body) meter.visit(node, { region: undefined, atTop: true });
  return {
    code: text.toString(),
    map: text.generateMap({ hires: "boundary", source: "author.js", includeContent: false }),
    names,
    hasDefault: meter.hasDefault,
  };
}

class Meter {
  hasDefault = false;
  readonly #source: string;
  readonly #text: MagicString;
  readonly #scopes: Scopes;
  readonly #names: MeterNames;
  readonly #arrows: number[];
  readonly #emit: Emit;
  readonly #facts = new Map<Loop, LoopFacts>();
  /** Loops charged by an enclosing nest. */
  readonly #charged = new Set<Loop>();
  #nests = 0;

  constructor(
    source: string,
    text: MagicString,
    scopes: Scopes,
    names: MeterNames,
    arrows: number[],
  ) {
    this.#source = source;
    this.#text = text;
    this.#scopes = scopes;
    this.#names = names;
    this.#arrows = arrows;
    this.#emit = createEmit(names);
  }

  visit(node: AnyNode, place: Place): void {
    if (isLoop(node)) {
      this.#visitLoop(node, place);
      return;
    }
    if (isFunction(node)) {
      this.#visitFunction(node);
      return;
    }
    const inner = place.label ? { region: place.region, atTop: place.atTop } : place;
    switch (node.type) {
      case "LabeledStatement":
        this.visit(node.body, {
          atTop: place.atTop,
          region: place.region && {
            ...place.region,
            labels: [...place.region.labels, node.label.name],
          },
          label: place.label ?? node,
        });
        return;
      case "BreakStatement":
      case "ContinueStatement":
        if (node.label && !place.region?.labels.includes(node.label.name))
          this.#leave(node, place.region);
        return;
      case "ReturnStatement":
        this.#leave(node, place.region);
        break;
      case "TryStatement":
        this.#meterTry(node);
        break;
      case "PropertyDefinition":
        this.#meterField(node);
        for (const child of childrenOf(node))
          this.visit(child, child === node.value ? { region: undefined, atTop: false } : inner);
        return;
      case "StaticBlock":
        this.#open(node.start + this.#source.slice(node.start).indexOf("{") + 1, this.#emit.charge);
        for (const child of node.body) this.visit(child, { region: undefined, atTop: false });
        return;
      case "AwaitExpression":
        if (place.atTop) throw new MeterRefusal(refuseTopLevelAwait(node.start));
        break;
      case "ExportNamedDeclaration":
        this.#returnDefault(node);
        return;
    }
    for (const child of childrenOf(node)) this.visit(child, inner);
  }

  // Insertions at one offset: what opens goes outermost first, what closes goes innermost first and before what opens.
  #open(offset: number, inserted: string): void {
    this.#text.appendLeft(offset, inserted);
  }

  #close(offset: number, inserted: string): void {
    this.#text.prependLeft(offset, inserted);
  }

  #visitFunction(node: FunctionNode): void {
    const place = { region: undefined, atTop: false };
    const { charge, rejectAll } = this.#emit;
    // A rejected promise would swallow a stack overflow unseen.
    const empty = node.body.type === "BlockStatement" && node.body.body.every(isDirective);
    const guard = node.async && !empty;
    const [before, after] = guard ? [`${charge}try{`, `}${rejectAll}`] : [charge, ""];
    if (node.body.type === "BlockStatement") {
      const directives = node.body.body.filter(isDirective);
      this.#open(directives.at(-1)?.end ?? node.body.start + 1, before);
      if (after) this.#close(node.body.end - 1, after);
    } else {
      const from = node.params.at(-1)?.end ?? node.start;
      const arrow = firstFrom(this.#arrows, from);
      if (arrow === undefined) throw new Error("an arrow function without an arrow");
      this.#open(arrow + 2, `{${before}return(`);
      this.#close(node.end, `);${after}}`);
    }
    for (const child of childrenOf(node)) this.visit(child, place);
  }

  #visitLoop(loop: Loop, place: Place): void {
    if (place.atTop && loop.type === "ForOfStatement" && loop.await)
      throw new MeterRefusal(refuseTopLevelAwait(loop.start));
    const counted = this.#countedOf(loop, place.label !== undefined);
    if (this.#charged.has(loop)) {
      this.#visitChildren(loop, place);
      return;
    }
    const nest = counted && this.#nestOf(counted);
    if (this.#factsOf(loop).suspends) {
      // It may never be resumed: a local counter would be lost, and an advance kept.
      this.#meterIterations(loop, this.#emit.charge);
      this.#visitChildren(loop, { region: undefined, atTop: place.atTop });
      return;
    }
    let { region } = place;
    if (!region && !(nest && this.#isWhole(loop))) {
      const outer = place.label ?? loop;
      region = { texts: this.#textsFor(loop), labels: labelsOf(place.label) };
      this.#open(outer.start, region.texts.open);
      this.#close(outer.end, region.texts.close);
    }
    if (nest) this.#meterNest(nest, region?.texts);
    else if (region) this.#meterIterations(loop, region.texts.tick);
    this.#visitChildren(loop, { region, atTop: place.atTop });
  }

  #textsFor(loop: Loop): RegionTexts {
    const { calls, children } = this.#factsOf(loop);
    return calls || children.length > 0 ? this.#emit.advance : this.#emit.settled;
  }

  #leave(jump: AnyNode, region: Region | undefined): void {
    if (!region?.texts.leave) return;
    this.#open(jump.start, `{${region.texts.leave}`);
    this.#close(jump.end, "}");
  }

  #visitChildren(loop: Loop, { region, atTop }: Place): void {
    for (const child of childrenOf(loop)) this.visit(child, { region, atTop });
  }

  #meterIterations({ body }: Loop, tick: string): void {
    if (body.type === "BlockStatement") this.#open(body.start + 1, tick);
    else {
      this.#open(body.start, `{${tick}`);
      this.#close(body.end, "}");
    }
  }

  /** `for (INIT; …` becomes `{INIT; bounds and charge; for (; …` and a closing brace. */
  #meterNest(nest: Nest, region: RegionTexts | undefined): void {
    const { loop } = nest.counted;
    const charge =
      readBounds(nest, this.#source, this.#names) + chargeNest(nest, this.#names, region);
    if (loop.init) {
      this.#text.overwrite(loop.start, loop.init.start, "{");
      this.#open(loop.init.end, `;${charge}for(`);
    } else this.#open(loop.start, `{${charge}`);
    this.#close(loop.end, "}");
    const rename = (part: Nest) => {
      const name = boundName(part, this.#names);
      const { bound } = part.counted;
      if (name) this.#text.overwrite(bound.start, bound.end, name);
      part.inner.forEach(rename);
    };
    rename(nest);
  }

  #factsOf(loop: Loop): LoopFacts {
    let facts = this.#facts.get(loop);
    if (!facts) {
      facts = factsOf(loop);
      this.#facts.set(loop, facts);
    }
    return facts;
  }

  #countedOf(loop: Loop, labelled: boolean): Counted | undefined {
    return countedLoop(loop, this.#factsOf(loop), this.#scopes, labelled);
  }

  /** The nest that `top` heads; the loops it takes in are marked as charged. */
  #nestOf(top: Counted): Nest {
    const take = (counted: Counted): Nest => {
      const facts = this.#factsOf(counted.loop);
      const inner: Nest[] = [];
      const id = this.#nests++;
      for (const child of facts.children) {
        if (!this.#isTakenInto(child, facts, top)) continue;
        this.#charged.add(child);
        inner.push(take(this.#countedOf(child, false)!));
      }
      return { counted, id, inner };
    };
    return take(top);
  }

  #isTakenInto(child: Loop, parent: LoopFacts, top: Counted): boolean {
    if (parent.continues || !parent.unconditional.has(child)) return false;
    const counted = this.#countedOf(child, false);
    if (!counted || !isFixedWithin(counted, top.loop, this.#scopes)) return false;
    const facts = this.#factsOf(child);
    return facts.children.every((grandchild) => this.#isTakenInto(grandchild, facts, top));
  }

  /** Whether the nest took in every loop below. */
  #isWhole(loop: Loop): boolean {
    return this.#factsOf(loop).children.every(
      (child) => this.#charged.has(child) && this.#isWhole(child),
    );
  }

  #meterTry(node: Extract<AnyNode, { type: "TryStatement" }>): void {
    const { block, handler, finalizer } = node;
    const { error } = this.#names;
    const { caught, catchAll } = this.#emit;
    // Outermost first: both may close at the same place.
    if (finalizer) {
      const end = (handler ?? block).end;
      if (handler) {
        this.#open(block.start, "{try");
        this.#close(end, `}${catchAll}`);
      } else this.#close(end, catchAll);
      this.#open(finalizer.start + 1, caught(""));
    }
    if (handler) {
      const inside = handler.body.start + 1;
      if (!handler.param) {
        this.#open(handler.body.start, `(${error})`);
        this.#open(inside, caught(error));
      } else if (handler.param.type === "Identifier")
        this.#open(inside, caught(handler.param.name));
      else {
        // The pattern becomes a declaration of the block, after the check; it may hold functions of its own.
        this.#open(handler.param.start, `${error}){${caught(error)}{let `);
        const close = this.#source.indexOf(")", handler.param.end);
        this.#text.overwrite(close, handler.body.start, `=${error};`);
        this.#close(handler.body.end, "}}");
      }
    }
  }

  #meterField({ value }: Extract<AnyNode, { type: "PropertyDefinition" }>): void {
    // A function or class gets its name from the field, which a wrapping expression would lose; making one is no work.
    if (!value || isFunction(value) || value.type === "ClassExpression") return;
    this.#open(value.start, `(${this.#emit.chargeExpression}`);
    this.#close(value.end, ")");
  }

  #returnDefault(node: Extract<AnyNode, { type: "ExportNamedDeclaration" }>): void {
    const exported = node.specifiers.find(
      ({ exported }) =>
        (exported.type === "Identifier" ? exported.name : exported.value) === "default",
    );
    if (exported?.local.type === "Identifier") {
      this.hasDefault = true;
      this.#text.overwrite(node.start, node.end, `return ${exported.local.name};`);
    } else this.#text.remove(node.start, node.end);
  }
}

function labelsOf(labelled: AnyNode | undefined): string[] {
  return labelled?.type === "LabeledStatement"
    ? [labelled.label.name, ...labelsOf(labelled.body)]
    : [];
}

/** The first of ascending offsets that is `from` or later. */
function firstFrom(offsets: readonly number[], from: number): number | undefined {
  let low = 0;
  for (let high = offsets.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return offsets[low];
}

function isDirective(statement: AnyNode): boolean {
  return statement.type === "ExpressionStatement" && statement.directive !== undefined;
}

function forEachNode(node: AnyNode, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) forEachNode(child, visit);
}
