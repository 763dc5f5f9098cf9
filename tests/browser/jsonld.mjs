// JSON-LD documents against schema.org's vocabulary (the types of schema-dts, checked by the TypeScript compiler) and
// against what search engines require (Adobe's validator). Standard input: {documents}; output: {types, required}.
import Validator from "@adobe/structured-data-validator";
import ts from "typescript";
import { answer } from "./lib.mjs";

const FILE = new URL("document.ts", import.meta.url).pathname; // exists only for the compiler

function typeProblems(documents) {
  const source = [
    'import type { CreativeWork, VideoObject } from "schema-dts";',
    'type Page = { "@context": "https://schema.org"; "@graph": [VideoObject, CreativeWork] };',
    ...documents.map((one, number) => `export const d${number}: Page = ${JSON.stringify(one, null, 1)};`),
  ].join("\n");
  const options = {
    strict: true, noEmit: true, types: [], target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path === FILE || fileExists.call(host, path);
  host.readFile = (path) => (path === FILE ? source : readFile.call(host, path));
  host.getSourceFile = (path, ...more) =>
    path === FILE ? ts.createSourceFile(path, source, options.target) : getSourceFile.call(host, path, ...more);
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program).map((one) => ts.flattenDiagnosticMessageText(one.messageText, "\n"));
}

await answer(async ({ documents }) => {
  const required = [];
  for (const document of documents) {
    const parsed = { jsonld: {}, microdata: {}, rdfa: {} };
    for (const item of document["@graph"]) (parsed.jsonld[item["@type"]] ??= []).push({ ...item, "@location": "0,1" });
    const issues = await new Validator().validate(parsed);
    for (const issue of issues) required.push(`${issue.severity} ${issue.issueMessage}`);
  }
  return { types: typeProblems(documents), required };
});
