/**
 * For bytes that a stranger's function made and named the type of: shown on this server's address, a page or a picture
 * with scripts in it gets neither scripts nor the viewer's session.
 */
export const inertHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
};
