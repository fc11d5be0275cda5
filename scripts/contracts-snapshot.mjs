#!/usr/bin/env node
/**
 * Writes the JSON Schema of every published contract to docs/contracts/, and removes those that are no longer published.
 * Run it after `npm run build` when a contract was changed on purpose; `libs/contracts/src/json-schemas.int.spec.ts` compares.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PUBLISHED_CONTRACTS, contractJsonSchema } from "#contracts";

const dir = join(fileURLToPath(new URL("..", import.meta.url)), "docs", "contracts");
mkdirSync(dir, { recursive: true });
const names = Object.keys(PUBLISHED_CONTRACTS);
for (const file of readdirSync(dir)) {
  if (file.endsWith(".json") && !names.includes(file.slice(0, -".json".length))) rmSync(join(dir, file));
}
for (const name of names) {
  writeFileSync(join(dir, `${name}.json`), `${JSON.stringify(contractJsonSchema(name), null, 2)}\n`);
}
console.log(`${names.length} contracts written to docs/contracts`);
