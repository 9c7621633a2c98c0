/**
 * A bundle written by hand for the tests of the sandbox itself: it implements Guest (protocol/guest.ts) with no runtime
 * and no compiler. `run` evaluates to the body of a function of (request, data, resident) that returns [header, body],
 * or anything else as the raw reply.
 */
export function handGuest(parts: { run: string; kind?: string; before?: string }): string {
  return `(() => { "use strict";
  const resident = new Map();
  ${parts.before ?? ""}
  const main = (request, data, resident) => { ${parts.run} };
  return {
    describe: () => JSON.stringify({ kind: ${JSON.stringify(parts.kind ?? "map")} }),
    load: (key, meta, data) => { if (!resident.has(key)) resident.set(key, { meta: JSON.parse(meta), data }); },
    evict: (key) => { resident.delete(key); },
    run: (request, data) => {
      const reply = main(JSON.parse(request), data, resident);
      if (!Array.isArray(reply)) return reply;
      const [header, body] = reply;
      if (typeof body === "string") return JSON.stringify({ fuel: 1, ...header }) + "\\n" + body;
      const text = JSON.stringify({ fuel: 1, ...header });
      const at = Math.ceil((4 + text.length) / 8) * 8;
      const bytes = new Uint8Array(at + body.byteLength);
      new DataView(bytes.buffer).setUint32(0, text.length, true);
      for (let i = 0; i < text.length; i++) bytes[4 + i] = text.charCodeAt(i);
      bytes.set(new Uint8Array(body), at);
      return bytes.buffer;
    },
  };
})()`;
}
