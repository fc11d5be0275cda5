/** Loads the policy packs of a folder. A pack that is broken in any way stops the start: half a policy is none. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LineCounter, isNode, parseDocument, type Document } from "yaml";
import { policyPackV1, type PolicyPackDefinition } from "#contracts";

/** What is wrong, one line each: `file:line:column path: cause`. */
export class BrokenPack extends Error {
  override readonly name = "BrokenPack";
  constructor(readonly problems: readonly string[]) {
    super(`the policy packs cannot be used:\n${problems.map((p) => `  ${p}`).join("\n")}`);
  }
}

/** All packs (`*.yaml`) of a folder, by file name. Throws BrokenPack with every problem found. */
export function loadPacks(dir: string): readonly PolicyPackDefinition[] {
  const files = readdirSync(dir)
    .filter((f) => f.endsWith(".yaml") || f.endsWith(".yml"))
    .sort();
  const problems: string[] = [];
  const packs = new Map<string, PolicyPackDefinition>();
  for (const file of files) {
    const path = join(dir, file);
    const read = readPack(path, readFileSync(path, "utf8"));
    if (read.kind === "broken") problems.push(...read.problems);
    else if (packs.has(read.pack.id))
      problems.push(`${path}:1:1 id: ${read.pack.id} is the id of another pack too`);
    else packs.set(read.pack.id, read.pack);
  }
  if (files.length === 0)
    problems.push(`${dir}: no policy pack (*.yaml) here, and without one nothing may be said`);
  if (problems.length > 0) throw new BrokenPack(problems);
  return [...packs.values()];
}

type Read =
  | { readonly kind: "pack"; readonly pack: PolicyPackDefinition }
  | { readonly kind: "broken"; readonly problems: readonly string[] };

function readPack(file: string, text: string): Read {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  if (doc.errors.length > 0) {
    return { kind: "broken", problems: doc.errors.map((e) => `${at(e.pos[0])} YAML: ${e.message}`) };
  }
  const parsed = policyPackV1.safeParse(doc.toJS());
  const where = (path: readonly PropertyKey[]): string =>
    `${at(offsetOf(doc, path))} ${path.map(String).join(".") || "(file)"}`;
  if (!parsed.success) {
    return { kind: "broken", problems: parsed.error.issues.map((i) => `${where(i.path)}: ${i.message}`) };
  }
  const endless = parsed.data.rules.flatMap((rule, i) =>
    rule.quietHours && rule.quietHours.from === rule.quietHours.to
      ? [`${where(["rules", i, "quietHours"])}: from and to are the same time, which would never open`]
      : [],
  );
  return endless.length > 0 ? { kind: "broken", problems: endless } : { kind: "pack", pack: parsed.data };
}

/** Where the value at this path begins; of the nearest one around it when it is missing. */
function offsetOf(doc: Document, path: readonly PropertyKey[]): number {
  for (let n = path.length; n > 0; n--) {
    const node = doc.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return doc.contents?.range?.[0] ?? 0;
}
