#!/usr/bin/env node
/**
 * Writes the table of the packs into docs/policy.md. Run it after `npm run build` when a pack was changed;
 * `libs/definitions/src/statutory-packs.unit.spec.ts` compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPolicyPacks, withPolicyTable } from "#definitions";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = `${root}docs/policy.md`;
const packs = loadPolicyPacks(root);
writeFileSync(file, withPolicyTable(readFileSync(file, "utf8"), packs));
console.log(`docs/policy.md has the ${packs.length} packs`);
