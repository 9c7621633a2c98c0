import { PNG } from "pngjs";
import type { TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../../client/index.ts";
import type { Campaign, CreateCampaignRequest } from "../../protocol/http.ts";
import type { Stage } from "./stage.ts";

/** Hills under a sky, in the colour of `hue` (0 to 1): a picture that no commercial was ever made of. */
export function hills(hue: number, width = 640, height = 360): Uint8Array<ArrayBuffer> {
  const png = new PNG({ width, height });
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const across = x / width;
      const ridge = (layer: number) =>
        0.3 + 0.17 * layer + (0.1 / layer) * Math.sin(across * (4 + 3 * layer) + hue * 40 * layer);
      const layer = [1, 2, 3, 4].filter((each) => y / height > ridge(each)).length;
      const light = layer === 0 ? 0.92 - (0.25 * y) / height : 0.75 - 0.15 * layer;
      const channel = (shift: number) => 0.72 + 0.28 * Math.cos(2 * Math.PI * (hue + shift));
      const at = (y * width + x) * 4;
      for (const [index, shift] of [0, 0.33, 0.67].entries())
        png.data[at + index] = Math.round(255 * light * channel(shift));
      png.data[at + 3] = 255;
    }
  return new Uint8Array(PNG.sync.write(png));
}

/** A campaign that runs, with a picture, of a member who has credits for it. */
export async function advertise(
  stage: Stage,
  sponsor: TestMember,
  { hue = 0.62, ...terms }: Partial<CreateCampaignRequest> & { hue?: number } = {},
): Promise<Campaign> {
  const { campaigns } = createClient({ url: stage.url, key: sponsor.key });
  const { id } = await campaigns.create({
    title: "Hill tea",
    text: "From the hills of Darjeeling. Two leaves and a bud, picked by hand.",
    link: "https://tea.example/",
    creditsPerView: 0.5,
    watchSeconds: 5,
    budget: 10,
    ...terms,
  });
  await campaigns.upload(id, new Blob([hills(hue)]));
  return campaigns.start(id);
}

/** What the pages of earning look like to the operator, who looks at all pictures of the guides. */
export async function stockEarning(stage: Stage): Promise<{ code: string }> {
  const { url } = stage;
  const { client } = stage.system;
  const [ada, bob, tea] = await Promise.all(["ada", "bob", "hill-tea"].map((h) => stage.member(h)));
  const adas = createClient({ url, key: ada!.key });
  const bobs = createClient({ url, key: bob!.key });
  const lab = await client.pools.create("home-lab");
  for (const member of [adas, bobs]) {
    const { code } = await client.pools.invite(lab.name);
    await member.pools.join(code!);
  }
  await client.pools.invite(lab.name, { uses: 5 });
  await adas.pools.create("render-farm");
  await adas.pools.invite("ada/render-farm", { handle: "operator" });
  await bobs.pools.create("reading-group");
  const { code: joined } = await bobs.pools.invite("bob/reading-group");
  await client.pools.join(joined!);
  await adas.pools.create("night-shift");
  const { code } = await adas.pools.invite("ada/night-shift");

  await advertise(stage, tea!, { watchSeconds: 15 });
  await advertise(stage, ada!, {
    title: "Learn to sail",
    text: "A weekend on the lake, with a teacher and a boat for two.",
    creditsPerView: 0.25,
    watchSeconds: 10,
    hue: 0.4,
  });
  await advertise(stage, bob!, {
    title: "The orchard opens",
    text: "Forty kinds of apples, and juice from the press.",
    creditsPerView: 0.2,
    watchSeconds: 8,
    hue: 0.08,
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
