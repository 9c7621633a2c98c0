import { defineProperty, freeze } from "./primordials.ts";
import type { Random } from "./random.ts";
import type { Run } from "./run.ts";

/** The context of an entry; `more` adds to it. Frozen, so that nothing can be left in it for the next record. */
export function contextOf(run: Run, random: Random | undefined, more?: object): object {
  const { params, uses } = run;
  if (random === undefined) return freeze({ params, uses, ...more });
  return freeze({ params, uses, random: () => random.next(), ...more });
}

/** The context of a map: `record` follows the place of the run. */
export function mapContextOf(run: Run, index: number, more?: object): object {
  const { params, uses, random } = run;
  const shard = belongingTo(run, { index });
  defineProperty(shard, "count", count);
  freeze(shard);
  const context = { params, uses, random: () => random.next(), shard, ...more };
  defineProperty(belongingTo(run, context), "record", record);
  return freeze(context);
}

function given(object: object): object {
  return object;
}

/**
 * Lets a getter that all contexts share find the run of the one it was called on: a field that nobody else sees, put on
 * objects that others made. With getters of its own each context, and so each tiny task, would be an object of a new
 * shape, which the engine makes several times more slowly than all the rest of the context.
 */
class Belonging extends (given as unknown as new (object: object) => object) {
  readonly #run: Run;

  constructor(object: object, run: Run) {
    super(object);
    this.#run = run;
  }

  static runOf(object: object): Run {
    return (object as Belonging).#run;
  }
}

const { runOf } = Belonging;

function belongingTo<T extends object>(run: Run, object: T): T {
  new Belonging(object, run);
  return object;
}

const count: PropertyDescriptor & ThisType<object> = {
  enumerable: true,
  get() {
    const run = runOf(this);
    run.askedCount = true;
    return run.job.shardCount;
  },
};

const record: PropertyDescriptor & ThisType<object> = {
  enumerable: true,
  get() {
    return runOf(this).place.record;
  },
};
