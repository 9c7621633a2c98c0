import { type Command, Option } from "commander";
import { type CampaignState, campaignStateSchema } from "../../../protocol/http-campaigns.ts";
import type { Campaign, Client } from "../../index.ts";
import { creditsArgument, creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { count, plural, table } from "../format.ts";
import { integer } from "../request.ts";
import type { Terminal } from "../terminal.ts";
import { campaignCreateCommand } from "./campaign-create.ts";
import { campaignStatsCommand } from "./campaign-stats.ts";

interface ListOptions {
  all?: boolean;
  state?: CampaignState;
  limit: number;
  json?: boolean;
}

export function campaignsCommand(program: Command, context: Context): void {
  const { terminal } = context;
  const campaigns = program
    .command("campaigns")
    .summary("pay people for watching your commercial: list, create, fund, start, stats")
    .description(
      "A campaign shows a picture or video to members in the console and pays them for watching it, from a budget that is held up front. What is left when it ends comes back.",
    )
    .addHelpText(
      "after",
      examples(
        "campaigns create --title Tea --picture tea.png --credits-per-view 0.5 --budget 100 --start",
        "campaigns stats cmp_01h…",
      ),
    );
  campaigns
    .command("list", { isDefault: true })
    .option("--all", "everybody's (operator)")
    .addOption(new Option("--state <state>").choices(campaignStateSchema.options))
    .option("--limit <n>", "how many", integer, 20)
    .option("--json", "print JSON, one campaign a line")
    .summary("list campaigns, newest first")
    .addHelpText("after", examples("campaigns", "campaigns list --state running"))
    .action(async (options: ListOptions, command: Command) => {
      const { campaigns: client } = await context.client(command);
      const { all, state, limit } = options;
      const query = {
        ...(state === undefined ? {} : { state }),
        limit: Math.max(1, Math.min(limit, 200)),
      };
      const rows: Campaign[] = [];
      for await (const row of all ? client.listAll(query) : client.list(query)) {
        if (rows.length >= limit) break;
        rows.push(row);
      }
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("no campaigns: sparegrid campaigns create --help");
      else for (const line of listed(rows, terminal)) terminal.out.write(`${line}\n`);
    });
  campaignCreateCommand(campaigns, context);
  campaigns
    .command("fund")
    .argument("<campaign>")
    .argument("<credits>", "how many", creditsArgument)
    .summary("add to a budget")
    .addHelpText("after", examples("campaigns fund cmp_01h… 50"))
    .action(async (id: string, credits: number, _options: object, command: Command) => {
      const client = await context.client(command);
      tell(await client.campaigns.fund(id, credits), terminal);
    });
  const verb = (
    name: "start" | "pause" | "end",
    summary: string,
    change: (client: Client, id: string) => Promise<Campaign>,
  ) =>
    campaigns
      .command(name)
      .argument("<campaign>")
      .summary(summary)
      .addHelpText("after", examples(`campaigns ${name} cmp_01h…`))
      .action(async (id: string, _options: object, command: Command) =>
        tell(await change(await context.client(command), id), terminal),
      );
  verb("start", "show it, or show it again", (client, id) => client.campaigns.start(id));
  verb("pause", "stop showing it for a while", (client, id) => client.campaigns.pause(id));
  verb("end", "end it for ever; what is left comes back", (client, id) => client.campaigns.end(id));
  campaigns
    .command("stop")
    .argument("<campaign>")
    .requiredOption("--reason <text>", "which the sponsor reads")
    .summary("operator: end anybody's campaign")
    .addHelpText("after", examples('campaigns stop cmp_01h… --reason "not what it says"'))
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const client = await context.client(command);
      tell(await client.campaigns.stop(id, reason), terminal);
    });
  campaignStatsCommand(campaigns, context);
}

function tell({ id, state, title, budget, views }: Campaign, terminal: Terminal): void {
  terminal.out.write(`${id}\n`);
  const { green } = terminal.colors;
  const open = views.open === 0 ? "" : `, ${plural(views.open, "view")} under way`;
  terminal.say(`${green("✔")} ${title} is ${state}, its budget ${creditsText(budget)}${open}`);
}

function listed(rows: readonly Campaign[], terminal: Terminal): string[] {
  const number = (credits: number) => creditsText(credits).replace(/ credits?$/, "");
  return table(
    [
      { title: "CAMPAIGN" },
      { title: "SPONSOR" },
      { title: "STATE" },
      { title: "A VIEW", right: true },
      { title: "VIEWS", right: true },
      { title: "SPENT", right: true },
      { title: "BUDGET", right: true },
      { title: "TITLE" },
    ],
    rows.map((row) => [
      row.id,
      row.sponsor,
      row.state,
      number(row.creditsPerView),
      count(row.views.completed),
      number(row.spent),
      number(row.budget),
      row.title,
    ]),
    { dim: terminal.outColors.dim, width: Math.max(120, terminal.out.columns || 0) },
  );
}
