/** Gates and response models from YAML files. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { z } from "zod";
import { gateV1, type GateDefinition } from "./gate.v1.js";
import { responseModelV1, type ResponseModelDefinition } from "./response-model.js";

/** A file that cannot be used: which one, where in it, and why. */
export class FileUnusable extends Error {
  override readonly name = "FileUnusable";
}

/** Throws FileUnusable. */
export function readGate(file: string): GateDefinition {
  return readYaml(file, gateV1);
}

/** Throws FileUnusable. */
export function readResponses(file: string): ResponseModelDefinition {
  return readYaml(file, responseModelV1);
}

function readYaml<T>(file: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new FileUnusable(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FileUnusable(
    parsed.error.issues
      .map((i) => `${file}: ${i.path.map(String).join(".") || "the file"}: ${i.message}`)
      .join("\n"),
  );
}
