import { Hono } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { GridError } from "../protocol/errors.ts";
import {
  type Authenticator,
  type Principal,
  requireOperator,
  requireScope,
} from "./accounts/principal.ts";
import type { Deps } from "./deps.ts";
import type { ApiContext, ApiEnv } from "./http/context.ts";
import { createIdempotent } from "./http/idempotency.ts";
import { linger } from "./http/linger.ts";
import { meOf } from "./http/me-view.ts";
import { loudnessOf, problemResponse, toGridError } from "./http/problem.ts";
import type { Handler, Operation, Route } from "./http/route.ts";
import { authHeadersOf } from "./http/who.ts";
import { createWriteLimit } from "./http/write-limit.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { authRoutes } from "./routes/auth.ts";
import { blobRoutes } from "./routes/blobs.ts";
import { campaignMediaRoutes } from "./routes/campaign-media.ts";
import { campaignRoutes } from "./routes/campaigns.ts";
import { datasetRoutes } from "./routes/datasets.ts";
import { deviceRoutes } from "./routes/device.ts";
import { eventRoutes } from "./routes/events.ts";
import { functionChangeRoutes } from "./routes/function-changes.ts";
import { functionRoutes } from "./routes/functions.ts";
import { healthRoutes } from "./routes/health.ts";
import { invokeRoutes } from "./routes/invoke.ts";
import { jobAgainRoutes } from "./routes/job-again.ts";
import { jobStateRoutes } from "./routes/job-state.ts";
import { jobTaskRoutes } from "./routes/job-tasks.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { keyRoutes } from "./routes/keys.ts";
import { ledgerRoutes } from "./routes/ledger.ts";
import { meRoutes } from "./routes/me.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { pageRoutes } from "./routes/pages.ts";
import { paymentRoutes } from "./routes/payments.ts";
import { payoutRateRoutes } from "./routes/payout-rates.ts";
import { payoutRoutes } from "./routes/payouts.ts";
import { poolInvitationRoutes } from "./routes/pool-invitations.ts";
import { poolRoutes } from "./routes/pools.ts";
import { resultRoutes } from "./routes/result.ts";
import { runnerPackageRoutes } from "./routes/runner-package.ts";
import { runnerRoutes } from "./routes/runners.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { steeringRoutes } from "./routes/steering.ts";
import { tryRoutes } from "./routes/try.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { viewRoutes } from "./routes/views.ts";

/**
 * Its router is one regular expression, which knows no names that may also be words; those that the other paths have
 * make Hono take its slower trie for all of them.
 */
const hotPath = "/v1/functions/:name/invoke";

/**
 * The HTTP application. Each route is one handler, wrapped once: who may ask, whether a repeat is answered again, what
 * is measured, and how errors become problem documents. One handler a route, instead of a chain of middleware, is
 * Hono's fast path.
 */
export function createApp(deps: Deps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const fast = new Hono<ApiEnv>({ router: new RegExpRouter() });
  const idempotent = createIdempotent(deps);
  const { buckets, config } = deps;
  const writeLimitOf = createWriteLimit({ buckets, ...config });
  const routes: Route[] = [
    ...invokeRoutes(deps),
    ...tryRoutes(deps),
    ...functionRoutes(deps),
    ...functionChangeRoutes(deps),
    // Before those with an id in the same place.
    ...uploadRoutes(deps),
    ...datasetRoutes(deps),
    ...jobRoutes(deps),
    ...jobAgainRoutes(deps),
    ...steeringRoutes(deps),
    ...jobTaskRoutes(deps),
    ...jobStateRoutes(deps),
    ...paymentRoutes(deps),
    ...eventRoutes(deps),
    ...resultRoutes(deps),
    ...runnerRoutes(deps),
    ...runnerPackageRoutes(deps),
    ...ledgerRoutes(deps),
    ...poolRoutes(deps),
    // Before those with an id in the same place.
    ...viewRoutes(deps),
    ...campaignRoutes(deps),
    ...campaignMediaRoutes(deps),
    ...payoutRateRoutes(deps),
    ...payoutRoutes(deps),
    ...poolInvitationRoutes(deps),
    ...blobRoutes(deps),
    ...authRoutes(deps),
    ...meRoutes(deps),
    ...sessionRoutes(deps),
    ...keyRoutes(deps),
    ...deviceRoutes(deps),
    ...accountRoutes(deps),
    ...healthRoutes(deps),
    ...metricsRoutes(deps),
    ...pageRoutes(deps, () => operations),
  ];
  const operations = routes.map(({ operation }) => operation);
  for (const { operation, handle } of routes) {
    const repeatable = operation.idempotent ? idempotent(operation, handle) : handle;
    const handler = guarded(deps, operation, repeatable, writeLimitOf(operation));
    const router = operation.path === hotPath ? fast : app;
    router.on(operation.method.toUpperCase(), operation.path, handler);
  }
  fast.notFound((c) => app.fetch(c.req.raw, c.env));
  app.notFound(async (c) => (await servePage(deps, c)) ?? noRoute(deps, operations, c));
  app.onError((error, c) => answerError(deps, c, error));
  fast.onError((error, c) => answerError(deps, c, error));
  return fast;
}

function guarded(
  deps: Deps,
  operation: Operation,
  handle: Handler,
  limitWrites: ((c: ApiContext) => void) | undefined,
): Handler {
  const { authenticator, metrics } = deps;
  const observe = metrics.request(operation.id);
  const { auth, scope } = operation;
  const known = auth === "member" || auth === "operator";
  const admit = (c: ApiContext, principal: Principal) => {
    if (scope !== undefined) requireScope(principal, scope);
    if (auth === "operator") requireOperator(principal);
    c.set("principal", principal);
  };
  return async (c) => {
    const startedMs = performance.now();
    let response: Response;
    let renewed: readonly string[] | undefined;
    try {
      if (known) {
        const found = authenticator.authenticate(authHeadersOf(c));
        const principal = found instanceof Promise ? await found : found;
        renewed = principal.setCookies;
        admit(c, principal);
      } else if (auth === "anyone") {
        const visitor = await visitorOf(authenticator, c);
        renewed = visitor?.setCookies;
        if (visitor !== undefined) admit(c, visitor);
      }
      limitWrites?.(c);
      response = await handle(c);
    } catch (error) {
      response = answerError(deps, c, error);
    }
    if (renewed) for (const cookie of renewed) response.headers.append("set-cookie", cookie);
    observe(response.status, performance.now() - startedMs);
    return response;
  };
}

/**
 * Undefined for who shows nothing, or a session that is over: a browser sends its cookie on its own. A key that is not
 * valid is a mistake, and said to be one.
 */
async function visitorOf(
  authenticator: Authenticator,
  c: ApiContext,
): Promise<Principal | undefined> {
  const headers = authHeadersOf(c);
  try {
    return await authenticator.authenticate(headers);
  } catch (error) {
    const isStranger = error instanceof GridError && error.code === "unauthorized";
    if (isStranger && headers.authorization === undefined) return undefined;
    throw error;
  }
}

/** A page is opened also where it cannot be said who opens it: it asks itself, and shows why. */
async function servePage(deps: Deps, c: ApiContext): Promise<Response | undefined> {
  let renewed: readonly string[] = [];
  const response = await deps.console.serve(c, async () => {
    try {
      const visitor = await visitorOf(deps.authenticator, c);
      renewed = visitor?.setCookies ?? [];
      return visitor === undefined ? null : meOf(deps, visitor);
    } catch {
      return undefined;
    }
  });
  for (const cookie of renewed) response?.headers.append("set-cookie", cookie);
  return response;
}

function answerError({ log }: Deps, c: ApiContext, error: unknown): Response {
  const known = toGridError(error);
  const { code, message } = known;
  const about = { code, method: c.req.method, path: c.req.path };
  const loudness = loudnessOf(code);
  if (loudness === "broken") log.error({ ...about, err: error }, "request failed");
  else if (loudness === "quiet") log.debug(about, "request refused");
  else
    log[code === "store-unavailable" ? "warn" : "info"]({ ...about, reason: message }, "not now");
  // What is left of a body that was not read to its end would be taken for the next request.
  const incoming = c.env?.incoming;
  if (incoming === undefined || incoming.complete) return problemResponse(known, c.req.path);
  linger(incoming);
  return problemResponse(known, c.req.path, { connection: "close" });
}

/** 404, or for a path that other methods serve: 405, or what OPTIONS wants to know. */
async function noRoute(
  { authenticator }: Deps,
  operations: readonly Operation[],
  c: ApiContext,
): Promise<Response> {
  const { path } = c.req;
  const method = c.req.raw.method;
  const allowed = operations
    .filter((operation) => patternOf(operation.path).test(path))
    .map((operation) => operation.method.toUpperCase());
  if (allowed.length === 0) {
    if (path.startsWith("/v1/")) await authenticator.authenticate(authHeadersOf(c));
    const hint = "GET /docs lists every route.";
    return problemResponse(
      new GridError("not-found", `There is no route ${path}.`, { hint }),
      path,
    );
  }
  if (allowed.includes("GET")) allowed.push("HEAD");
  const allow = [...allowed, "OPTIONS"].join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  const error = new GridError("method-not-allowed", `${method} is not allowed on ${path}.`, {
    hint: `Allowed: ${allow}.`,
  });
  return problemResponse(error, path, { allow });
}

function patternOf(path: string): RegExp {
  const pattern = path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:[a-z]+/gi, "[^/]+");
  return new RegExp(`^${pattern}$`);
}
