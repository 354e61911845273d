// The FastAPI example, started as its README says, in the windows of an admin and of an agent.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWindow, screenshot, startBrowser, takeProblems } from './browser.js';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

let browser: Browser;
let helpdesk: ChildProcess;
let url: string;

beforeAll(async () => {
  browser = await startBrowser();
  const options = {
    '--port': '0',
    '--data': mkdtempSync(join(tmpdir(), 'tidings-helpdesk-')),
    '--tidings': process.env.TIDINGS_BIN ?? root('target/debug/tidings'),
    '--dashboard-every': '1',
  };
  const words = ['-m', 'helpdesk', ...Object.entries(options).flat()];
  helpdesk = spawn(root('.venv-python/bin/python'), words, {
    cwd: root('examples/helpdesk'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: unknown[] = helpdesk.stdout ? await once(helpdesk.stdout, 'data') : [];
  url = /helpdesk on (\S+)/.exec(String(printed[0]))?.[1] ?? '';
});
afterAll(async () => {
  await browser?.close();
  if (helpdesk?.exitCode !== null) return;
  const ended = once(helpdesk, 'exit');
  helpdesk.kill();
  await ended;
});

async function signIn(name: string): Promise<Page> {
  const page = await openWindow(browser, url);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#status', { hasText: 'connected' }).waitFor();
  return page;
}

const snackbar = (page: Page, text: string): Promise<void> =>
  page.locator('.snackbar', { hasText: text }).waitFor();

test('tickets, figures, stock and people are live, and signing out ends it', async () => {
  const ada = await signIn('ada');
  const grace = await signIn('grace');
  await ada.locator('#people', { hasText: 'ada, grace' }).waitFor();

  await grace.getByLabel('Title').fill('Printer on fire');
  await grace.getByRole('button', { name: 'Create' }).click();
  await Promise.all([
    snackbar(ada, 'New ticket: Printer on fire'),
    snackbar(grace, 'New ticket: Printer on fire'),
  ]);
  await ada.locator('#open', { hasText: '1' }).waitFor();
  await screenshot(ada, 'helpdesk');

  await ada.getByRole('button', { name: '→ in progress' }).click();
  await snackbar(grace, 'Printer on fire: in progress');
  await grace.locator('#tickets li', { hasText: 'in progress, by grace' }).waitFor();

  const take = grace.locator('#stock li', { hasText: 'docking stations' }).getByRole('button');
  await take.click();
  await grace.locator('#stock li', { hasText: 'docking stations2' }).waitFor();
  await take.click();
  await snackbar(ada, 'Low stock: docking stations');
  expect(await grace.locator('.snackbar', { hasText: 'Low stock' }).count()).toBe(0);

  // Loaded again, she is still signed in, and sees what there is.
  await grace.reload();
  await grace.locator('#status', { hasText: 'connected' }).waitFor();
  await grace.locator('#tickets li', { hasText: 'Printer on fire' }).waitFor();

  await grace.getByRole('button', { name: 'Sign out' }).click();
  await grace.getByRole('button', { name: 'Sign in' }).waitFor();
  await ada.locator('#people', { hasText: /^ada$/ }).waitFor();
  const problems = takeProblems().filter((problem) => !problem.includes('401'));
  expect(problems).toEqual([]);
});
