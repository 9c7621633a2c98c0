import { openAsBlob } from "node:fs";
import type { Command } from "commander";
import type { CreateCampaignRequest } from "../../index.ts";
import { creditsArgument, creditsText } from "../amounts.ts";
import { type Context, examples } from "../context.ts";
import { UsageError } from "../report.ts";
import { integer } from "../request.ts";

interface CreateOptions {
  title: string;
  text?: string;
  link?: string;
  picture?: string;
  video?: string;
  creditsPerView: number;
  watch?: number;
  budget?: number;
  perViewer?: number;
  perViewerDay?: number;
  perDay?: number;
  startsAt?: string;
  endsAt?: string;
  start?: boolean;
  json?: boolean;
}

export function campaignCreateCommand(campaigns: Command, context: Context): void {
  const { terminal } = context;
  campaigns
    .command("create")
    .requiredOption("--title <text>")
    .option("--text <text>", "beneath it")
    .option("--picture <file|url>", "what is shown: a file (at most 8 MB), or an https:// URL")
    .option("--video <file|url>", "the same, as a video")
    .option("--link <url>", "where a viewer may go from it, https://")
    .requiredOption("--credits-per-view <credits>", "for watching it to the end", creditsArgument)
    .option("--watch <seconds>", "that it has to be watched, 5 to 120 (15)", integer)
    .option("--budget <credits>", "held from your wallet at once", creditsArgument)
    .option("--per-viewer <n>", "views paid to one member (10)", integer)
    .option("--per-viewer-day <n>", "views paid to one member a day (1)", integer)
    .option("--per-day <n>", "views paid a day, to all of them", integer)
    .option("--starts-at <time>", "ISO 8601; now unless said")
    .option("--ends-at <time>", "ISO 8601; 30 days later unless said")
    .option("--start", "show it at once")
    .option("--json", "print JSON")
    .summary("draft a campaign; with --start, show it")
    .addHelpText(
      "after",
      examples(
        "campaigns create --title Tea --picture tea.png --credits-per-view 0.5 --budget 100 --start",
        "campaigns create --title Tea --video https://tea.example/spot.mp4 --credits-per-view 2 --watch 30",
      ),
    )
    .action(async (options: CreateOptions, command: Command) => {
      const { file, request } = await requestOf(options);
      const { campaigns: client } = await context.client(command);
      let campaign = await client.create(request);
      if (file) campaign = await client.upload(campaign.id, file);
      if (options.start) campaign = await client.start(campaign.id);
      if (options.json) {
        terminal.out.write(`${JSON.stringify(campaign)}\n`);
        return;
      }
      terminal.out.write(`${campaign.id}\n`);
      const { state, budget } = campaign;
      terminal.say(
        `${terminal.colors.green("✔")} ${state}, with a budget of ${creditsText(budget)}`,
      );
      if (state === "draft") terminal.say(`next: sparegrid campaigns start ${campaign.id}`);
    });
}

async function requestOf(
  options: CreateOptions,
): Promise<{ file: Blob | undefined; request: CreateCampaignRequest }> {
  if (options.picture !== undefined && options.video !== undefined)
    throw new UsageError("give either --picture or --video");
  const shown = options.picture ?? options.video;
  const isUrl = shown !== undefined && /^[a-z]+:\/\//i.test(shown);
  const file = shown === undefined || isUrl ? undefined : await open(shown);
  const { perViewer, perViewerDay, perDay } = options;
  return {
    file,
    request: {
      title: options.title,
      creditsPerView: options.creditsPerView,
      caps: {
        ...(perViewer === undefined ? {} : { perViewer }),
        ...(perViewerDay === undefined ? {} : { perViewerDay }),
        ...(perDay === undefined ? {} : { perDay }),
      },
      ...(options.text === undefined ? {} : { text: options.text }),
      ...(options.link === undefined ? {} : { link: options.link }),
      ...(isUrl
        ? { media: { kind: options.video === undefined ? "picture" : "video", url: shown } }
        : {}),
      ...(options.watch === undefined ? {} : { watchSeconds: options.watch }),
      ...(options.budget === undefined ? {} : { budget: options.budget }),
      ...(options.startsAt === undefined ? {} : { startsAt: options.startsAt }),
      ...(options.endsAt === undefined ? {} : { endsAt: options.endsAt }),
    },
  };
}

async function open(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
