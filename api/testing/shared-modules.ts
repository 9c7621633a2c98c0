/** For a child with an environment of its own: the test run's cache of compiled modules, so that none is filled anew. */
export function sharedModules(): Record<string, string> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}
