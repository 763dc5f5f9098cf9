// What the scripts here share: a JSON question on standard input, a JSON answer on standard output, how Chromium starts.
import { text } from "node:stream/consumers";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

export async function answer(work) {
  const question = JSON.parse(await text(process.stdin));
  process.stdout.write(JSON.stringify(await work(question)));
}
