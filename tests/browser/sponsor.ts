import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "../../client/index.ts";
import type { Stage, Visitor } from "./stage.ts";

interface Drawn {
  title?: string;
  line?: string;
  /** From the middle outwards. */
  colours?: string;
}

/** A picture that a sponsor may show, drawn by the browser. */
export async function drawPicture(
  { context }: Pick<Visitor, "context">,
  { title = "Hill tea", line = "picked at 2,000 metres", colours = "#7fb069,#1f4d36" }: Drawn = {},
): Promise<Buffer> {
  const page = await context.newPage();
  await page.setViewportSize({ width: 960, height: 540 });
  await page.setContent(`<body style="margin:0;height:540px;display:grid;place-content:center;text-align:center;
    font:600 84px Georgia,serif;color:#fdf6e3;background:radial-gradient(circle at 30% 20%,${colours})">
    ${title}<span style="font:400 28px Georgia,serif;opacity:.85">${line}</span></body>`);
  const picture = await page.screenshot();
  await page.close();
  return picture;
}

/** Watches a campaign to its end, as a page does. */
export async function watch({ campaigns }: Client, id: string): Promise<void> {
  const { token, commercial, heartbeatMs } = await campaigns.open(id);
  const endsMs = performance.now() + commercial.watchSeconds * 1000 + heartbeatMs;
  for (let sequence = 0; performance.now() < endsMs; sequence++) {
    await campaigns.heartbeat(token, { visible: true, sequence });
    await sleep(heartbeatMs);
  }
  await campaigns.finish(token);
}

/** Campaigns of the operator's, one of them watched; its id. */
export async function stockSponsor(stage: Stage, picture: Buffer): Promise<string> {
  const { campaigns } = stage.system.client;
  const tea = await campaigns.create({
    title: "Hill tea",
    text: "Picked at 2,000 metres, dried in the sun.",
    link: "https://tea.example/",
    creditsPerView: 0.5,
    watchSeconds: 5,
    budget: 100,
  });
  await campaigns.upload(tea.id, new Blob([new Uint8Array(picture)]));
  await campaigns.start(tea.id);
  await campaigns.create({ title: "Winter blend", creditsPerView: 0.75, budget: 40 });
  const viewers = await Promise.all(["vera", "vito", "vesna"].map((name) => stage.member(name)));
  const clients = viewers.map(({ key }) => createClient({ url: stage.url, key }));
  await Promise.all(clients.map((viewer) => watch(viewer, tea.id)));
  return tea.id;
}
