/** Which definitions a person means: a definitions folder, or single files that belong to one. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { FOLDERS, type DefinitionKind, type Source } from "#definitions";

export interface Selection {
  /** The definitions folder: what holds `journeys/`, `catalogue/`, `policies/` and the others. */
  readonly dir: string;
  /** Files to report on, relative to `dir`; `undefined`: all of them. */
  readonly only: ReadonlySet<string> | undefined;
  /** The files among them that do not lie in the folder of their kind. */
  readonly extra: Readonly<Partial<Record<DefinitionKind, readonly Source[]>>>;
}

/** A path that cannot be used; the message says why. */
export class SelectionError extends Error {
  override readonly name = "SelectionError";
}

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name);

/** `definitions`: the definitions folder, where it is said; otherwise it is looked for above the first path. */
export function select(paths: readonly string[], definitions?: string): Selection {
  for (const path of [...paths, ...(definitions === undefined ? [] : [definitions])])
    if (!existsSync(path)) throw new SelectionError(`${path}: there is no such file or folder`);
  const [first] = paths;
  if (first === undefined) return { dir: definitions ?? ".", only: undefined, extra: {} };
  if (paths.length === 1 && definitions === undefined && isDefinitionsFolder(first))
    return { dir: first, only: undefined, extra: {} };

  const dir = definitions ?? folderAbove(first);
  const only = new Set<string>();
  const extra: Partial<Record<DefinitionKind, Source[]>> = {};
  for (const file of paths.flatMap(filesAt)) {
    const text = readFileSync(file, "utf8");
    const kind = kindOf(text);
    const name = relative(resolve(dir), resolve(file)).replaceAll("\\", "/");
    only.add(name);
    if (dirname(name) !== FOLDERS[kind]) (extra[kind] ??= []).push({ name, text });
  }
  return { dir, only, extra };
}

function isDefinitionsFolder(path: string): boolean {
  return Object.values(FOLDERS).some((folder) => existsSync(join(path, folder)));
}

/** The nearest folder above that holds a catalogue; else the one in which the command runs. */
function folderAbove(path: string): string {
  for (let dir = resolve(path); ; dir = dirname(dir)) {
    if (existsSync(join(dir, FOLDERS.Catalogue))) return dir;
    if (dir === dirname(dir)) return ".";
  }
}

function filesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path).filter(isYaml).sort();
  if (files.length === 0) throw new SelectionError(`${path}: the folder holds no .yaml file`);
  return files.map((name) => join(path, name));
}

/** What a file says it is; one that says nothing is taken for a journey, and told what is missing. */
function kindOf(text: string): DefinitionKind {
  const said = /(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?(\w+)/m.exec(text)?.[1] ?? "";
  return said in FOLDERS ? (said as DefinitionKind) : "Journey";
}
