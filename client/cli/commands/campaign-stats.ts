import type { Command } from "commander";
import type { CampaignDay } from "../../index.ts";
import { creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { count, table } from "../format.ts";

const daysMax = 366;

export function campaignStatsCommand(campaigns: Command, context: Context): void {
  const { terminal } = context;
  campaigns
    .command("stats")
    .argument("<campaign>")
    .option("--json", "print JSON, one day a line")
    .summary("views, completion and spend by day (UTC)")
    .addHelpText("after", examples("campaigns stats cmp_01h…"))
    .action(async (id: string, options: { json?: boolean }, command: Command) => {
      const { campaigns: client } = await context.client(command);
      const campaign = await client.get(id);
      const days: CampaignDay[] = [];
      for await (const day of client.stats(id)) if (days.push(day) === daysMax) break;
      if (options.json) {
        for (const day of days) terminal.out.write(`${JSON.stringify(day)}\n`);
        return;
      }
      const lines = table(
        [
          { title: "DAY" },
          { title: "OPENED", right: true },
          { title: "WATCHED", right: true },
          { title: "RATE", right: true },
          { title: "SPENT" },
        ],
        days.map((day) => [
          day.day,
          count(day.opened),
          count(day.completed),
          `${Math.round(day.completionRate * 100)} %`,
          creditsText(day.spent),
        ]),
        { dim: terminal.outColors.dim, width: terminal.out.columns || 100 },
      );
      for (const line of lines) terminal.out.write(`${line}\n`);
      const { views, spent, budget } = campaign;
      terminal.say(
        `${count(views.completed)} of ${count(views.opened)} views watched to the end; ${creditsText(spent)} spent, ${creditsText(budget)} left`,
      );
    });
}
