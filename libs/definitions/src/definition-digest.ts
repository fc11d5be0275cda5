import { hash } from "node:crypto";

/** What tells one content of a definition from another: 144 bits of SHA-256 over its JSON, base64url. */
export function definitionDigest(definition: object): string {
  return textDigest(JSON.stringify(definition));
}

/** The same, of the JSON as it is stored. */
export function textDigest(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 24);
}
