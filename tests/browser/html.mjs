// html-validate over files. Standard input: {files}; output: one line for each finding, empty when all are in order.
import { FileSystemConfigLoader, HtmlValidate } from "html-validate";
import { answer } from "./lib.mjs";

const RULES = {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "doctype-style": "off", // HTML takes it in small letters
    "long-title": "off", // the campaign's own words
    "no-trailing-whitespace": "off",
    "no-inline-style": "error",
    "require-sri": "off", // the only script is the site's own
  },
};

await answer(async ({ files }) => {
  const checker = new HtmlValidate(new FileSystemConfigLoader(RULES));
  const report = await checker.validateMultipleFiles(files);
  return report.results.flatMap((file) =>
    file.messages.map((one) => `${file.filePath}:${one.line}: ${one.ruleId}: ${one.message}`),
  );
});
