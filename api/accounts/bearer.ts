const scheme = /^bearer +/i;

/** What follows "Bearer" in an Authorization header; undefined for another scheme. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !scheme.test(authorization)) return undefined;
  return authorization.replace(scheme, "").trim();
}
