/**
 * Starts a real Chromium (`CHROMIUM`, or the path where Debian installs it), one for all tests of a file, and opens the
 * dashboard in it.
 * @module
 */
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, expect } from "vitest";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Also keeps it from asking its maker for anything. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long the page may take to show something. It only ends a failed test; tests conclude nothing from the time. */
const PATIENCE_MS = 120_000;

/** Chromium reports an answer without success as an error, but the page handles such answers. */
const EXPECTED_ERROR = /^Failed to load resource: the server responded with a status of 4\d\d/;

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** The browser's error messages: errors of scripts, and violations of the Content-Security-Policy. */
  complaints: string[];
  close(): Promise<void>;
}

let program: Promise<Browser> | null = null;

afterAll(async () => {
  await (await program)?.close();
});

/** A new browser profile without any stored state, which shares nothing with other profiles but the program. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<Visitor> {
  program ??= chromium.launch({ executablePath: EXECUTABLE, args: FLAGS, timeout: PATIENCE_MS });
  const browser = await program;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !EXPECTED_ERROR.test(text)) complaints.push(text);
  });
  return {
    page,
    context,
    complaints,
    close: () => context.close(),
  };
}

/** Goes to the dashboard and signs in. @param query `?pool=web` */
export async function signIn({ page }: Visitor, url: string, token: string, query = ""): Promise<void> {
  await page.goto(`${url}/_lb/${query}`);
  await page.getByLabel("Admin token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".is-live").waitFor();
}

/** Waits until the located element contains the text. */
export async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
}

export function expectNoComplaints({ complaints }: Visitor): void {
  expect(complaints).toEqual([]);
}
