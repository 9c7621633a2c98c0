/**
 * Who may do what: the status that each route answers to each of five who ask for the same thing of ada's.
 *
 *   nobody     shows no key, and sees what is public
 *   scope      ada's key, good for everything but what the route is about (for a route without a scope: for datasets)
 *   other      bob, an account like any other
 *   owner      ada, whose thing it is
 *   operator   of the server
 *
 * A route may stand here several times, with what differs in brackets: "by session" asks with the browser's cookie
 * instead of a key. `-` is not asked. 404 is the answer to what is private to someone else; 403 to what may be seen but
 * not done.
 */
export const table = `
route                                                     nobody scope other owner operator

POST   /v1/functions/{name}/invoke                           401   403   404   503   404
POST   /v1/functions/{owner}/{name}/invoke                   401   403   404   503   404
POST   /v1/functions/{owner}/{name}/invoke [public]          401   403   503   503   503
POST   /v1/functions                                         401   403   403   201   403
POST   /v1/functions/try                                     401   403   200   200   200
POST   /v1/functions/try [a private dataset]                 401   403   404   200   404
GET    /v1/functions [all]                                   401   403   403   403   200
GET    /v1/functions                                         200   403   200   200   200
GET    /v1/functions [mine]                                  401   403   200   200   200
GET    /v1/functions/{name}                                  404   403   404   200   404
GET    /v1/functions/{owner}/{name}                          404   403   404   200   404
GET    /v1/functions/{owner}/{name} [public]                 200   403   200   200   200
GET    /v1/functions/{name}/versions/{version}               404   403   404   200   404
GET    /v1/functions/{owner}/{name}/versions/{version}       404   403   404   200   404
GET    /v1/functions/{owner}/{name}/versions/{version} [public] 200 403 200 200 200
PATCH  /v1/functions/{name}                                  401   403   404   200   404
PATCH  /v1/functions/{owner}/{name}                          401   403   404   200   404
PATCH  /v1/functions/{owner}/{name} [public]                 401   403   403   200   403
DELETE /v1/functions/{name}                                  401   403   404   204   404
DELETE /v1/functions/{owner}/{name}                          401   403   404   204   404
DELETE /v1/functions/{owner}/{name} [public]                 401   403   403   204   403
POST   /v1/functions/{name}/fork                             401   403   404   201   404
POST   /v1/functions/{owner}/{name}/fork                     401   403   404   201   404
POST   /v1/functions/{owner}/{name}/fork [public]            401   403   201   201   201

POST   /v1/datasets                                          401   403   201   201   201
GET    /v1/datasets/uploads/{key}                            401   403   404   200   404
PATCH  /v1/datasets/uploads/{key}                            401   403   404   201   404
DELETE /v1/datasets/uploads/{key}                            401   403   404   204   404
GET    /v1/datasets [all]                                    401   403   403   403   200
GET    /v1/datasets                                          401   403   200   200   200
GET    /v1/datasets/{id}                                     401   403   404   200   404
GET    /v1/datasets/{id} [unlisted]                          401   403   200   200   200
GET    /v1/datasets/{id}/content                             401   403   404   200   404
GET    /v1/datasets/{id}/content [unlisted]                  401   403   200   200   200
PATCH  /v1/datasets/{id}                                     401   403   404   200   404
PATCH  /v1/datasets/{id} [unlisted]                          401   403   403   200   403
DELETE /v1/datasets/{id}                                     401   403   404   204   404
DELETE /v1/datasets/{id} [unlisted]                          401   403   403   204   403

POST   /v1/jobs [a private function]                         401   403   404   202   404
POST   /v1/jobs [a private dataset]                          401   403   404   202   404
POST   /v1/jobs [another's result]                           401   403   404   202   404
POST   /v1/jobs [a pool]                                     401   403   404   202   404
GET    /v1/jobs                                              401   403   200   200   200
GET    /v1/jobs [all]                                        401   403   403   403   200
GET    /v1/jobs/{id}                                         401   403   404   200   404
GET    /v1/jobs/{id} [all]                                   401   403   403   403   200
POST   /v1/jobs/{id}/cancel                                  401   403   404   200   404
POST   /v1/jobs/{id}/cancel [all]                            401   403   403   403   200
POST   /v1/jobs/{id}/again                                   401   403   404   202   404
PATCH  /v1/jobs/{id}/params                                  401   403   404   409   404
POST   /v1/jobs/{id}/pause                                   401   403   404   200   404
POST   /v1/jobs/{id}/pause [all]                             401   403   403   403   200
POST   /v1/jobs/{id}/resume                                  401   403   404   200   404
POST   /v1/jobs/{id}/step                                    401   403   404   409   404
GET    /v1/jobs/{id}/state                                   401   403   404   409   404
GET    /v1/jobs/{id}/state [all]                             401   403   403   403   409
GET    /v1/jobs/{id}/tasks                                   401   403   404   200   404
GET    /v1/jobs/{id}/tasks [all]                             401   403   403   403   200
POST   /v1/jobs/{id}/top-up                                  401   403   404   200   404
POST   /v1/jobs/estimate                                     401   403   404   503   404
GET    /v1/rates/{version}                                   404   403   404   200   404
GET    /v1/rates/{version} [public]                          200   403   200   200   200
GET    /v1/jobs/{id}/events                                  401   403   404   200   404
GET    /v1/jobs/{id}/result                                  401   403   404   200   404

GET    /v1/runners                                           401   403   200   200   200
GET    /v1/runners/away                                      401   403   200   200   200
DELETE /v1/runners/{id}                                      401   403   404   204   404
GET    /v1/runners/{id}/earnings                             401   403   404   200   404
GET    /v1/runners [all]                                     401   403   403   403   200
GET    /v1/blobs/{digest}                                    401   403   403   403   200
PUT    /v1/blobs/{digest}                                    401   403   403   403   201

POST   /v1/pools                                             401   403   201   201   201
GET    /v1/pools                                             401   403   200   200   200
POST   /v1/pools/join                                        401   403   200   200   200
POST   /v1/pools/join/preview                                401   403   200   200   200
GET    /v1/pools/invitations                                 401   403   200   200   200
GET    /v1/pools/{owner}/{name}                              401   403   404   200   404
GET    /v1/pools/{owner}/{name} [a member]                   401   403   200   200   404
PATCH  /v1/pools/{owner}/{name}                              401   403   404   200   404
PATCH  /v1/pools/{owner}/{name} [a member]                   401   403   403   200   404
DELETE /v1/pools/{owner}/{name}                              401   403   404   204   404
DELETE /v1/pools/{owner}/{name} [a member]                   401   403   403   204   404
POST   /v1/pools/{owner}/{name}/leave                        401   403   404   409   404
POST   /v1/pools/{owner}/{name}/leave [a member]             401   403   204   409   404
DELETE /v1/pools/{owner}/{name}/members/{handle}             401   403   404   409   404
DELETE /v1/pools/{owner}/{name}/members/{handle} [a member]  401   403   403   204   404
POST   /v1/pools/{owner}/{name}/invitations                  401   403   404   201   404
POST   /v1/pools/{owner}/{name}/invitations [a member]       401   403   403   201   404
GET    /v1/pools/{owner}/{name}/invitations                  401   403   404   200   404
GET    /v1/pools/{owner}/{name}/invitations [a member]       401   403   403   200   404
DELETE /v1/pools/{owner}/{name}/invitations/{id}             401   403   404   204   404
POST   /v1/pools/{owner}/{name}/accept                       401   403   404   200   404
POST   /v1/pools/{owner}/{name}/accept [bob is invited]      401   403   200   200   404
POST   /v1/pools/{owner}/{name}/decline                      401   403   404   404   404
POST   /v1/pools/{owner}/{name}/decline [bob is invited]     401   403   204   404   404

GET    /v1/ledger                                            401   403   200   200   200
GET    /v1/ledger/history                                    401   403   200   200   200
GET    /v1/ledger/history [of a job]                         401   403   404   200   404
GET    /v1/ledger/history.csv                                401   403   200   200   200
GET    /v1/ledger/history.csv [of a job]                     401   403   404   200   404
GET    /v1/ledger/verify                                     401   403   403   403   200
POST   /v1/ledger/grants                                     401   403   403   403   201

POST   /v1/campaigns                                         401   403   201   201   201
GET    /v1/campaigns                                         401   403   200   200   200
GET    /v1/campaigns/all                                     401   403   403   403   200
GET    /v1/campaigns/offered                                 401   403   200   200   200
GET    /v1/campaigns/next                                    401   403   200   200   200
GET    /v1/campaigns/{id}                                    401   403   404   200   200
PUT    /v1/campaigns/{id}                                    401   403   404   200   404
GET    /v1/campaigns/{id}/stats                              401   403   404   200   200
PUT    /v1/campaigns/{id}/media                              401   403   404   200   404
GET    /v1/campaigns/{id}/media                              401   403   404   200   200
GET    /v1/campaigns/{id}/media [running]                    401   403   200   200   200
POST   /v1/campaigns/{id}/fund                               401   403   404   200   404
POST   /v1/campaigns/{id}/start                              401   403   404   200   404
POST   /v1/campaigns/{id}/pause                              401   403   404   200   404
POST   /v1/campaigns/{id}/end                                401   403   404   200   404
POST   /v1/campaigns/{id}/stop                               401   403   403   403   200
POST   /v1/campaigns/{id}/views                              401   403   404   404   404
POST   /v1/campaigns/{id}/views [running]                    401   403   201   409   201
POST   /v1/views/{token}/heartbeat                           401   403   404   200   404
POST   /v1/views/{token}/finish                              401   403   404   409   404
GET    /v1/views                                             401   403   200   200   200

POST   /v1/payouts                                           401   403   201   201   201
GET    /v1/payouts                                           401   403   200   200   200
GET    /v1/payouts/all                                       401   403   403   403   200
GET    /v1/payouts/export                                    401   403   200   200   200
GET    /v1/payouts/all/export                                401   403   403   403   200
GET    /v1/payouts/{id}                                      401   403   404   200   200
POST   /v1/payouts/{id}/withdraw                             401   403   404   200   404
POST   /v1/payouts/{id}/pay                                  401   403   403   403   200
POST   /v1/payouts/{id}/reject                               401   403   403   403   200
GET    /v1/payouts/rates                                     401   403   200   200   200
POST   /v1/payouts/rates                                     401   403   403   403   201

POST   /v1/auth/sign-up/email                                201   201   201   201   201
POST   /v1/auth/sign-in/email                                200   200   200   200   200
POST   /v1/auth/link                                         200   200   200   200   200
POST   /v1/auth/sign-out                                     204   204   204   204   204
GET    /v1/me                                                401   200   200   200   200
PATCH  /v1/me                                                401   403   200   200   200
PATCH  /v1/me [by session]                                   401     -   200   200   200
POST   /v1/me/password                                       401   403   403   403   403
POST   /v1/me/password [by session]                          401     -   200   200   200
GET    /v1/auth/sessions                                     401   403   200   200   200
DELETE /v1/auth/sessions                                     401   403     -     -     -
DELETE /v1/auth/sessions [by session]                        401     -   200   200   200
DELETE /v1/auth/sessions/{id}                                401   403   404   204   404
GET    /v1/keys                                              401   403   200   200   200
POST   /v1/keys                                              401   403   201   201   201
POST   /v1/keys [by session]                                 401     -   201   201   201
DELETE /v1/keys/{id}                                         401   403   404   204   404
POST   /v1/device/code                                       200   200   200   200   200
POST   /v1/device/token                                      400   400   400   400   400
GET    /v1/device                                            401   403   403   403   403
GET    /v1/device [by session]                               401     -   200   200   200
POST   /v1/device/approve                                    401   403   403   403   403
POST   /v1/device/approve [by session]                       401     -   204   204   204
POST   /v1/device/deny                                       401   403   403   403   403
POST   /v1/device/deny [by session]                          401     -   204   204   204
GET    /v1/accounts                                          401   403   403   403   200
GET    /v1/accounts/{handle}                                 401   403   403   403   200
PATCH  /v1/accounts/{handle}                                 401   403   403   403   200
POST   /v1/accounts/{handle}/link                            401   403   403   403   201

GET    /healthz                                              200   200   200   200   200
GET    /readyz                                               200   200   200   200   200
GET    /v1/status                                            401   403   403   403   200
GET    /metrics                                              200   200   200   200   200
GET    /docs                                                 200   200   200   200   200
GET    /openapi.json                                         200   200   200   200   200
GET    /runner                                               200   200   200   200   200
GET    /runner.tgz                                           200   200   200   200   200
`;

export const askers = ["nobody", "scope", "other", "owner", "operator"] as const;
export type Asker = (typeof askers)[number];

export interface Row {
  /** With what differs in brackets: what its request is found by. */
  name: string;
  /** "GET /v1/jobs/{id}", as the OpenAPI document has it. */
  route: string;
  bySession: boolean;
  /** Without those that are not asked. */
  expected: Partial<Record<Asker, number>>;
}

/** The table's rows. @throws Error naming a line that is none */
export function rowsOf(text: string): Row[] {
  const [, ...lines] = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const match = /^(\S+) +(\S+)(?: +(\[.+\]))?((?: +(?:\d{3}|-)){5})$/.exec(line);
    if (!match) throw new Error(`no row of the authorization table: ${line}`);
    const [, method, path, variant, statuses] = match;
    const route = `${method} ${path}`;
    const given = statuses!.trim().split(/ +/);
    const expected: Row["expected"] = {};
    for (const [at, asker] of askers.entries())
      if (given[at] !== "-") expected[asker] = Number(given[at]);
    return {
      name: variant === undefined ? route : `${route} ${variant}`,
      route,
      bySession: variant === "[by session]",
      expected,
    };
  });
}
