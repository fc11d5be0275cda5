/** The documents lead through the files: a link to one that has moved leads nowhere. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const documents = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md")];
const CODE = /```[\s\S]*?```/g;
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;

it.each(documents)("%s links to files that exist", (document) => {
  const text = readFileSync(document, "utf8").replaceAll(CODE, "");
  const targets = [...text.matchAll(LINK)].map(([, target]) => target!).filter((t) => !/^[a-z]+:/.test(t));
  expect(targets.filter((target) => !existsSync(join(dirname(document), target)))).toEqual([]);
});
