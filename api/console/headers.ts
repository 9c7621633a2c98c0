/**
 * What the console's pages may do: run this server's own scripts, ask this server, and nothing else. Inline styles are
 * allowed, because the editor and charts set them; no text of a user's ever becomes one. Pictures and videos may come
 * from elsewhere over https, as sponsors and readmes name them; no-referrer keeps the page's address from those hosts.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data: blob: https:",
  "media-src 'self' blob: https:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const common = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** Of a page: asked for anew each time, so that a new build is seen at once; it says who is signed in. */
export const documentHeaders = {
  ...common,
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "private, no-cache",
};

/** Of a file whose name holds the hash of its content. */
export const assetHeaders = { ...common, "cache-control": "public, max-age=31536000, immutable" };

/** Of the few others: the icon. */
export const fileHeaders = { ...common, "cache-control": "public, max-age=3600" };
