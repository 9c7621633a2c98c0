import { createClient } from "../../client/index.ts";
import { drawPicture } from "./sponsor.ts";
import type { Stage, Visitor } from "./stage.ts";

/** What an operator has to look after: members, a campaign that runs, and payouts that wait. */
export async function stockOperator(stage: Stage, visitor: Visitor): Promise<{ campaign: string }> {
  const { client } = stage.system;
  const [ada, bob, eve] = await Promise.all(
    ["ada-l", "bob-k", "mallory"].map((handle) => stage.member(handle)),
  );
  await client.payouts.setRate({ currency: "EUR", minorPerCredit: 0.83, minimum: 10, fee: 5 });
  await client.payouts.setRate({ currency: "JPY", minorPerCredit: 1.25, minimum: 10 });
  for (const [member, credits] of [
    [ada!, 40],
    [bob!, 25],
  ] as const)
    await createClient({ url: stage.url, key: member.key }).payouts.request({
      credits,
      currency: "EUR",
      destination: "DE02 1203 0000 0000 2020 51",
    });
  await client.accounts.change(eve!.handle, { suspended: true });
  const { campaigns } = createClient({ url: stage.url, key: bob!.key });
  const { id } = await campaigns.create({ title: "Hill tea", creditsPerView: 0.5, budget: 20 });
  await campaigns.upload(id, new Blob([new Uint8Array(await drawPicture(visitor))]));
  await campaigns.start(id);
  return { campaign: id };
}
