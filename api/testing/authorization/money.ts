/** What sponsors show, and what credits are exchanged for. */

export const commercial = {
  title: "Tea",
  creditsPerView: 0.25,
  watchSeconds: 5,
  caps: { perViewer: 1_000, perViewerDay: 1_000 },
};

/** As much of a PNG as tells that it is one. */
export const picture: RequestInit = {
  method: "PUT",
  headers: { "content-type": "image/png" },
  body: Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(32)]),
};

export const rate = { currency: "EUR", minorPerCredit: 1, minimum: 1 };
export const exchange = { credits: 10, currency: "EUR", destination: "DE00 1234" };
