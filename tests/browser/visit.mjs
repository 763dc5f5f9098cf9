// Visits pages in Chromium. Standard input: {chromium, jobs} as tests/browsers.py writes them; output: what each gave.
import { chromium } from "playwright-core";
import { answer, FLAGS } from "./lib.mjs";

const AsyncFunction = (async () => {}).constructor;

async function visit(browser, job) {
  const context = await browser.newContext({
    viewport: { width: job.width, height: job.height },
    colorScheme: job.dark ? "dark" : "light",
    reducedMotion: job.still ? "reduce" : "no-preference",
    javaScriptEnabled: job.scripts,
    hasTouch: job.touch,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(job.timeout_s * 1000);
  const problems = [];
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("response", (one) => one.status() >= 400 && problems.push(`${one.status()}: ${one.url()}`));
  page.on("requestfailed", (one) => {
    const why = one.failure()?.errorText;
    // A browser itself ends the loading of media that it has enough of.
    if (why !== "net::ERR_ABORTED") problems.push(`${why}: ${one.url()}`);
  });
  await page.emulateMedia({ media: job.media });
  await page.goto(job.url, { waitUntil: "load" });
  let value = null;
  let late;
  const limit = new Promise((_, no) => {
    late = setTimeout(() => no(new Error(`not done after ${job.timeout_s} s`)), job.timeout_s * 1000);
  });
  try {
    if (job.steps) value = (await Promise.race([new AsyncFunction("page", job.steps)(page), limit])) ?? null;
    if (job.script) {
      value = (await Promise.race([page.evaluate(`(async () => { ${job.script} })()`), limit])) ?? null;
    }
  } catch (error) {
    problems.push(`job: ${error.message}`);
  }
  clearTimeout(late);
  if (job.screenshot) await page.screenshot({ path: job.screenshot, fullPage: job.whole });
  await context.close();
  return { value, problems };
}

await answer(async ({ chromium: executablePath, jobs }) => {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const told = [];
  try {
    for (const job of jobs) told.push(await visit(browser, job));
  } finally {
    await browser.close();
  }
  return told;
});
