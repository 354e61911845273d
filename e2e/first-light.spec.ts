// The newcomer's story: two windows, two people, one curl; a window closes; the server restarts.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openWindow, screenshot, startBrowser, takeProblems } from './browser.js';
import { type Server, startServer } from './server.js';

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  await server?.kill();
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(takeProblems()).toEqual([]);
});

const status = (page: Page, text: string): Promise<void> =>
  page.locator(`[data-testid=status][data-status=${text}]`).first().waitFor();
const entries = (page: Page, text: string): ReturnType<Page['locator']> =>
  page.locator('[data-testid=entry]', { hasText: text });

/** The command that the server printed, run by a shell as a newcomer would. */
async function runPrintedCurl(): Promise<string> {
  const command = /^\s*(curl [\s\S]*?[^\\])$/m.exec(server.printed())?.[1];
  if (!command) throw new Error(`no curl in what tidings dev printed:\n${server.printed()}`);
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    command.replace(/^curl/, 'curl -sS --fail-with-body'),
  ]);
  return stdout;
}

test('two windows see what the printed curl publishes, and each other', async () => {
  const [ada, grace] = await Promise.all([
    openWindow(browser, `${server.url}/?user=ada`),
    openWindow(browser, `${server.url}/?user=grace`),
  ]);
  await Promise.all([status(ada, 'connected'), status(grace, 'connected')]);
  await ada.locator('[data-testid=member-grace][data-status=online]').waitFor();
  await grace.locator('[data-testid=member-ada][data-status=online]').waitFor();

  const answer = JSON.parse(await runPrintedCurl());
  expect(answer.reached).toEqual({ users: 2, connections: 2 });
  for (const page of [ada, grace]) await page.locator(`[data-entry-id="${answer.id}"]`).waitFor();
  await screenshot(ada, 'curl-arrived-at-ada');
  await screenshot(grace, 'curl-arrived-at-grace');

  await grace.context().close();
  await ada
    .locator('[data-testid=member-grace]:not([data-status=online])')
    .or(ada.locator('[data-testid=members]:not(:has([data-testid=member-grace]))'))
    .first()
    .waitFor({ timeout: 15_000 });
  await screenshot(ada, 'grace-has-left');
});

test('typing is seen by the other, and a message arrives', async () => {
  const [ada, grace] = await Promise.all([
    openWindow(browser, `${server.url}/?user=ada`),
    openWindow(browser, `${server.url}/?user=grace`),
  ]);
  await Promise.all([status(ada, 'connected'), status(grace, 'connected')]);
  await grace.locator('[data-testid=member-ada]').waitFor();
  await grace.locator('[data-testid=composer-input]').pressSequentially('Hello Ada');
  await ada.locator('[data-testid=typing]', { hasText: /grace/i }).waitFor();
  await grace.locator('[data-testid=send]').click();
  await entries(ada, 'Hello Ada').waitFor();
  expect(await entries(grace, 'Hello Ada').count()).toBe(1);
  await screenshot(ada, 'message-arrived');
});

test('the plug is pulled: what was missed comes back, once', async () => {
  const [ada, grace] = await Promise.all([
    openWindow(browser, `${server.url}/?user=ada`),
    openWindow(browser, `${server.url}/?user=grace`),
  ]);
  await Promise.all([status(ada, 'connected'), status(grace, 'connected')]);
  await grace.locator('[data-testid=member-ada]').waitFor();
  await ada.locator('[data-testid=plug]').click();
  await status(ada, 'reconnecting');
  for (const text of ['missed one', 'missed two', 'missed three']) {
    await grace.locator('[data-testid=composer-input]').fill(text);
    await grace.locator('[data-testid=send]').click();
    await entries(grace, text).waitFor();
  }
  await screenshot(ada, 'plug-pulled');
  await status(ada, 'connected');
  await ada.locator('[data-testid=recovered]', { hasText: /3/ }).waitFor();
  for (const text of ['missed one', 'missed two', 'missed three']) {
    expect(await entries(ada, text).count(), text).toBe(1);
  }
  await screenshot(ada, 'recovered');
});

test.each(['kill', 'stop'] as const)(
  'the connection comes back by itself after a server’s restart (%s)',
  async (how) => {
    const ada = await openWindow(browser, `${server.url}/?user=ada`);
    await status(ada, 'connected');
    const port = Number(new URL(server.url).port);
    await server[how]();
    await ada.locator('[data-testid=status]:not([data-status=connected])').first().waitFor();
    server = await startServer(port);
    await status(ada, 'connected');
    const answer = JSON.parse(await runPrintedCurl());
    await ada.locator(`[data-entry-id="${answer.id}"]`).waitFor();
    await screenshot(ada, `after-restart-${how}`);
  },
);

test('both people side by side on one page', async () => {
  const page = await openWindow(browser, server.url);
  await page.locator('[data-testid=pane-ada] [data-testid=status][data-status=connected]').waitFor();
  await page.locator('[data-testid=pane-grace] [data-testid=status][data-status=connected]').waitFor();
  await page.locator('[data-testid=pane-ada] [data-testid=composer-input]').fill('side by side');
  await page.locator('[data-testid=pane-ada] [data-testid=send]').click();
  await page.locator('[data-testid=pane-grace] [data-testid=entry]', { hasText: 'side by side' }).waitFor();
  await screenshot(page, 'two-panes');
});

test('the page of the HTTP interface shows every endpoint', async () => {
  const page = await openWindow(browser, `${server.url}/docs`);
  await page.getByText('/v1/publish', { exact: false }).first().waitFor();
  await screenshot(page, 'docs');
});
