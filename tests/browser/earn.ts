import type { Page } from "playwright-core";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import type { Campaign, CreateCampaignRequest } from "../../protocol/http.ts";
import { drawPicture } from "./sponsor.ts";
import type { Stage } from "./stage.ts";

interface Advertised extends Partial<CreateCampaignRequest> {
  /** Of its picture: what stands under the title, and from the middle outwards. */
  line?: string;
  colours?: string;
  /** A video instead of a picture. */
  moves?: boolean;
}

/** A campaign that runs, with a picture or video, of a member who has credits for it. */
export async function advertise(
  stage: Stage,
  sponsor: TestMember,
  { line, colours, moves = false, ...terms }: Advertised = {},
): Promise<Campaign> {
  const { campaigns } = createClient({ url: stage.url, key: sponsor.key });
  const { id, title } = await campaigns.create({
    title: "Hill tea",
    text: "Two leaves and a bud, picked by hand in the hills.",
    link: "https://tea.example/",
    creditsPerView: 0.5,
    watchSeconds: 5,
    budget: 10,
    ...terms,
  });
  const visitor = await stage.visit();
  const words = line === undefined ? {} : { title, line, ...(colours && { colours }) };
  const media = moves ? await recordVideo(visitor.page) : await drawPicture(visitor, words);
  await visitor.context.close();
  await campaigns.upload(id, new Blob([new Uint8Array(media)]));
  return campaigns.start(id);
}

/** Two seconds of a square that moves, as WebM. */
async function recordVideo(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate<string>(`new Promise((resolve) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    const pen = canvas.getContext("2d");
    let x = 0;
    const timer = setInterval(() => {
      pen.fillStyle = "#16425b";
      pen.fillRect(0, 0, 320, 180);
      pen.fillStyle = "#e9c46a";
      pen.fillRect((x += 6), 70, 40, 40);
    }, 40);
    const parts = [];
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm" });
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = async () => {
      clearInterval(timer);
      const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
      resolve(bytes.toBase64());
    };
    recorder.start();
    setTimeout(() => recorder.stop(), 2000);
  })`);
  return Buffer.from(base64, "base64");
}

/** What the pages of earning look like to the operator, who looks at all pictures of the guides. */
export async function stockEarning(stage: Stage): Promise<{ code: string }> {
  const { url } = stage;
  const { client } = stage.system;
  const [grace, lin, railways] = await Promise.all(
    ["grace", "lin", "railways"].map((h) => stage.member(h)),
  );
  const graces = createClient({ url, key: grace!.key });
  const lins = createClient({ url, key: lin!.key });
  const lab = await client.pools.create("home-lab");
  for (const member of [graces, lins]) {
    const { code } = await client.pools.invite(lab.name);
    await member.pools.join(code!);
  }
  await client.pools.invite(lab.name, { uses: 5 });
  await graces.pools.create("render-farm");
  await graces.pools.invite("grace/render-farm", { handle: "operator" });
  await lins.pools.create("reading-group");
  const { code: joined } = await lins.pools.invite("lin/reading-group");
  await client.pools.join(joined!);
  await graces.pools.create("night-shift");
  const { code } = await graces.pools.invite("grace/night-shift");

  await advertise(stage, railways!, {
    title: "Night train",
    text: "Asleep in one city, awake in another. A bed of your own from 29.",
    watchSeconds: 15,
    line: "leaves at nine",
    colours: "#8d7bb8,#1f1a38",
  });
  await advertise(stage, grace!, {
    title: "Learn to sail",
    text: "A weekend on the lake, with a teacher and a boat for two.",
    creditsPerView: 0.25,
    watchSeconds: 45,
    line: "two days, one boat",
    colours: "#5aa9e6,#16425b",
  });
  await advertise(stage, lin!, {
    title: "The orchard opens",
    text: "Forty kinds of apples, and juice from the press.",
    creditsPerView: 0.2,
    watchSeconds: 8,
    line: "pick your own",
    colours: "#e76f51,#6a1b1b",
  });

  const eur = await client.payouts.setRate({
    currency: "EUR",
    minorPerCredit: 0.83,
    minimum: 100,
    fee: 25,
  });
  const ask = (credits: number) =>
    client.payouts.request({
      credits,
      currency: eur.currency,
      destination: "IBAN DE02 1203 0000 0000 2020 51, Ada Lovelace",
    });
  await client.ledger.grant({ account: "operator", credits: 5_000 });
  const [paid, refused] = [await ask(1_200), await ask(100)];
  await client.payouts.pay(paid.id, "SEPA 2026-11-23/0042");
  await client.payouts.reject(refused.id, "This IBAN does not exist.");
  await ask(800);
  return { code: code! };
}
