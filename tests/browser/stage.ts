import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { cookieOf, signUp, type TestMember, testPassword } from "../../api/testing/test-api.ts";
import { launchChromium } from "../support/chromium.ts";
import { System, type SystemOptions } from "../support/system.ts";

export const wide = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** What the page complained about: errors of scripts, violations of the policy, failed requests of ours. */
  complaints: string[];
}

export interface VisitOptions {
  /** Signed in as whom; nobody when absent. */
  as?: TestMember;
  viewport?: { width: number; height: number };
  colorScheme?: "light" | "dark";
  path?: string;
}

/** A real API and runner, and a Chromium to look at them with. */
export class Stage implements AsyncDisposable {
  readonly system: System;
  readonly #browser: Browser;

  static async start(options: SystemOptions = {}): Promise<Stage> {
    const system = await System.start(options);
    try {
      return new Stage(system, await launchChromium());
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  private constructor(system: System, browser: Browser) {
    this.system = system;
    this.#browser = browser;
  }

  get url(): string {
    return this.system.url;
  }

  /** Somebody with an account, and the credits that the server gives to new members. */
  member(handle: string): Promise<TestMember> {
    return signUp(this.url, handle);
  }

  /** The operator, with a session as of the printed link. */
  async operator(): Promise<TestMember> {
    const { client, key, url } = this.system;
    const { handle } = await client.accounts.me();
    const made = await client.accounts.createLink(handle);
    const response = await fetch(`${url}/v1/auth/link`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url },
      body: JSON.stringify({ token: new URL(made.url).searchParams.get("token") }),
    });
    const cookie = cookieOf(response.headers);
    return { handle, key, cookie } as TestMember;
  }

  async visit(options: VisitOptions = {}): Promise<Visitor> {
    const { as, viewport = wide, colorScheme = "light", path = "/" } = options;
    const context = await this.#browser.newContext({
      viewport,
      colorScheme,
      baseURL: this.url,
      reducedMotion: "reduce",
    });
    if (as !== undefined) await context.addCookies(cookiesOf(as.cookie, this.url));
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // Chromium reports each refused request as an error; what the page makes of it is the test's business.
      const ofRequest = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !ofRequest) complaints.push(message.text());
    });
    await page.goto(path);
    return { page, context, complaints };
  }

  /** Processes in which pages run. */
  async rendererPids(): Promise<number[]> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.system.stop();
  }
}

export { testPassword };

/** What axe-core finds on a page as it is drawn: each violation, and how many rules were kept. */
export async function examine(page: Page): Promise<{ found: string[]; kept: number }> {
  // Colours change with the next frames, by transitions that a slow machine has not ended yet.
  await page.evaluate(`(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  })()`);
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`,
  );
  return { found, kept: passes.length };
}

/** No violation of axe-core's rules, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { found } = await examine(page);
    expect(found, `${page.url()} in ${colorScheme}`).toEqual([]);
  }
}

/** The page itself is never wider than the window; tables scroll in their own frame. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  expect(beyond, page.url()).toBeLessThanOrEqual(0);
}

function cookiesOf(header: string, url: string) {
  return header.split("; ").map((cookie) => {
    const at = cookie.indexOf("=");
    return { name: cookie.slice(0, at), value: cookie.slice(at + 1), url };
  });
}
