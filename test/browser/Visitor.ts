import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

/** How somebody looks at the dashboard: in light and on a desktop, unless something else is said. */
export interface Look {
  readonly theme?: "light" | "dark";
  readonly size?: keyof typeof SIZES;
}

/** Every way to look at it. */
export const LOOKS = (["light", "dark"] as const).flatMap((theme) =>
  (["desktop", "phone"] as const).map((size) => ({ theme, size, name: `${theme}-${size}` })),
);

const SCREENSHOTS = join(import.meta.dirname, "screenshots");

/** More than this moves under the reader's eyes: https://web.dev/articles/cls has 0.1 as good; half of it is ours. */
const MOST_SHIFT = 0.05;

/** Runs in the page: notes the layout shifts that no input caused, and what moved. */
const OBSERVE_SHIFTS = `
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      const moved = sources.map(({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 120));
      if (!hadRecentInput) window.layoutShifts?.push({ value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });`;

interface LayoutShift {
  readonly value: number;
  /** The beginnings of the elements that moved. */
  readonly moved: readonly string[];
}

/** Is there when a view is there, and nothing of it is loading. */
const LOADED = 'main:not(:has([aria-busy="true"])) h1';

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

  /**
   * Lets somebody look, and closes the window behind them. Fails if anything was wrong with what was to be seen.
   *
   * @param origin Where the indexer is.
   */
  static async visit(
    browser: Browser,
    origin: string,
    look: Look,
    what: (visitor: Visitor) => Promise<void>,
  ): Promise<void> {
    const visitor = await Visitor.#arrive(browser, origin, look);
    try {
      await what(visitor);
    } catch (error) {
      // What the page complained of often tells why.
      if (error instanceof Error) error.message = [error.message, ...visitor.#faults].join("\n");
      throw error;
    } finally {
      await visitor.#context.close();
    }
    expect(visitor.#faults, visitor.#faults.join("\n")).to.deep.equal([]);
  }

  static async #arrive(
    browser: Browser,
    origin: string,
    { theme = "light", size = "desktop" }: Look,
  ): Promise<Visitor> {
    const context = await browser.newContext({
      colorScheme: theme,
      viewport: SIZES[size],
      reducedMotion: "reduce",
      ...(size === "phone" ? { hasTouch: true, isMobile: true } : {}),
    });
    await context.addInitScript({ content: OBSERVE_SHIFTS });
    context.setDefaultTimeout(15_000);
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
    await this.page.locator('[data-live]:not([data-live="connecting"])').waitFor();
    await this.loaded();
  }

  /** Waits until a view is there, and nothing of it is loading. */
  async loaded(): Promise<void> {
    await this.page.locator(LOADED).waitFor();
  }

  async #inspectShifts(): Promise<void> {
    const shifts = await this.page.evaluate<LayoutShift[]>("window.layoutShifts ?? []");
    const moved = shifts.flatMap((one) => one.moved).join("\n  ");
    const shift = shifts.reduce((sum, { value }) => sum + value, 0);
    expect(shift, `what was there moved while it loaded:\n  ${moved}\n`).to.be.below(MOST_SHIFT);
  }

  /** From now on, what moves is what the reader has asked for. */
  async forgetShifts(): Promise<void> {
    await this.#inspectShifts();
    await this.page.evaluate("window.layoutShifts = null");
  }

  /** What nothing may be on any view: shifted, wider than the window, or a barrier. */
  async inspect(): Promise<void> {
    const wider = await this.page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    await this.#inspectShifts();
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
}
