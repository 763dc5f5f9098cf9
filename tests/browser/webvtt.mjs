// What the W3C's own parser makes of WebVTT files. Standard input: a list of texts; output: for each its errors and cues.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import webvtt from "webvtt-parser";
import { answer } from "./lib.mjs";

const entities = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("webvtt-parser/html-entities.json")));

// The text of a cue as a player would show it, and who speaks.
function shown(node) {
  return (node.children ?? []).map((child) => (child.type === "text" ? child.value : shown(child))).join("");
}

function voices(node) {
  const own = node.type === "object" && node.name === "v" ? [node.value] : [];
  return [...own, ...(node.children ?? []).flatMap(voices)];
}

await answer(async (files) => {
  return files.map(({ text, kind }) => {
    const parsed = new webvtt.WebVTTParser(entities).parse(text, kind ?? "metadata");
    return {
      errors: parsed.errors.map((one) => `line ${one.line}: ${one.message}`),
      cues: parsed.cues.map((cue) => ({
        start: cue.startTime,
        end: cue.endTime,
        text: shown(cue.tree),
        voices: voices(cue.tree),
      })),
    };
  });
});
