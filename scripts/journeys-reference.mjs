#!/usr/bin/env node
/**
 * Writes docs/journeys-reference.md from the schemas. Run it after `npm run build` when a schema of the definitions was
 * changed; `libs/definitions/src/journeys-reference.int.spec.ts` compares.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { journeysReference } from "#definitions";

const file = fileURLToPath(new URL("../docs/journeys-reference.md", import.meta.url));
writeFileSync(file, journeysReference());
console.log("docs/journeys-reference.md is written");
