import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";

export const THEMES = ["light", "dark"] as const;
export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

/** How somebody looks at the dashboard. */
export interface Look {
  readonly theme?: (typeof THEMES)[number];
  readonly size?: keyof typeof SIZES;
}

const SCREENSHOTS = join(import.meta.dirname, "screenshots");

/** More than this moves under the reader's eyes: https://web.dev/articles/cls has 0.1 as good; half of it is ours. */
const MOST_SHIFT = 0.05;

/** Runs in the page: adds up the layout shifts that no input caused. */
const OBSERVE_SHIFT = `
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });`;

/** Is true in a page whose view is there, with nothing of it loading. */
const LOADED = `document.querySelector("main h1") !== null && document.querySelector('main :is([aria-busy="true"], .loading)') === null`;

/** Somebody who looks at the dashboard in a Chromium of their own, and notes everything that is wrong with it. */
export class Visitor {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #origin: string;
  readonly #faults: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page, origin: string) {
    this.#context = context;
    this.page = page;
    this.#origin = origin;
    page.on("console", (message) => {
      if (message.type() === "error") this.#note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#note(`uncaught: ${error.stack ?? error.message}`));
    context.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url)) this.#note(`asked elsewhere: ${url}`);
    });
  }

  /** @param origin Where the indexer is. */
  static async arrive(browser: Browser, origin: string, look: Look = {}): Promise<Visitor> {
    const { theme = "light", size = "desktop" } = look;
    const context = await browser.newContext({
      colorScheme: theme,
      viewport: SIZES[size],
      reducedMotion: "reduce",
      ...(size === "phone" ? { hasTouch: true, isMobile: true } : {}),
    });
    await context.addInitScript({ content: OBSERVE_SHIFT });
    return new Visitor(context, await context.newPage(), origin);
  }

  /** From now on, faults like this are what a test is about. */
  expectFault(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  #note(fault: string): void {
    if (!this.#expected.some((pattern) => pattern.test(fault))) this.#faults.push(fault);
  }

  /** Loads a view from its address, as a link from elsewhere does, and waits until it is there. */
  async open(path: string): Promise<void> {
    // Another address behind the # alone loads nothing.
    await this.page.goto("about:blank");
    await this.page.goto(`${this.#origin}/#${path}`);
    await this.loaded();
  }

  /** Waits until a view is there, and nothing of it is loading. */
  async loaded(): Promise<void> {
    await this.page.waitForFunction(LOADED);
  }

  /** What nothing may be on any view: shifted, wider than the window, or a barrier. */
  async inspect(): Promise<void> {
    const shift = await this.page.evaluate<number>("window.layoutShift");
    const wider = await this.page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    expect(shift, "what was there moved while it loaded").to.be.below(MOST_SHIFT);
    expect(wider, "pixels that the page is wider than its window").to.be.at.most(0);
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    const barriers = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join("\n")}`,
      );
    expect(barriers, barriers.join("\n")).to.deep.equal([]);
  }

  /** Keeps what is to be seen, the whole page. */
  async picture(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: "disabled" });
  }

  /** Closes the window. Fails if anything was wrong until now. */
  async leave(): Promise<void> {
    await this.#context.close();
    expect(this.#faults, this.#faults.join("\n")).to.deep.equal([]);
  }
}
