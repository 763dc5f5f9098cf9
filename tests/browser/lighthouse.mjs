// Lighthouse over pages, as it judges a middling telephone. Standard input: {chromium, urls}; output for each page:
// the scores of its categories from 0 to 100, and which audits did not pass.
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { answer, FLAGS } from "./lib.mjs";

const PORT_FLAG = "--remote-debugging-port=";

await answer(async ({ chromium: executablePath, urls, port }) => {
  const told = [];
  for (const url of urls) {
    const browser = await chromium.launch({ executablePath, args: [...FLAGS, `${PORT_FLAG}${port}`] });
    try {
      const { lhr } = await lighthouse(url, { port, logLevel: "silent", output: "json" });
      const scores = Object.values(lhr.categories).map((one) => [one.id, Math.round(100 * one.score)]);
      const failed = Object.values(lhr.audits).filter((one) => one.score !== null && one.score < 0.9);
      told.push({
        url,
        scores: Object.fromEntries(scores),
        failed: Object.fromEntries(failed.map((one) => [one.id, one.displayValue ?? one.title])),
        shift: lhr.audits["cumulative-layout-shift"].numericValue,
        bytes: lhr.audits["total-byte-weight"].numericValue,
        blocked_ms: lhr.audits["total-blocking-time"].numericValue,
        paint_ms: lhr.audits["largest-contentful-paint"].numericValue,
        error: lhr.runtimeError?.message ?? null,
      });
    } finally {
      await browser.close();
    }
  }
  return told;
});
