/** How far a replay has come, kept across starts. */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const replayPositionV1 = z.strictObject({
  v: z.literal(1),
  /** Events from the beginning of the replay that the stream has acknowledged, without a gap. */
  events: z.number().int().positive(),
  /** `source:id` of the last of them: tells this replay from another. */
  last: z.string(),
  /** When that event happened, epoch ms; the replay clock of a later start begins here. */
  time: z.number(),
});
/** Every event up to here was acknowledged by the stream; later ones may have been. */
export type ReplayPosition = z.infer<typeof replayPositionV1>;

/** Where the position is kept. `save` resolves once it would survive the end of the process. */
export interface PositionStore {
  load(): Promise<ReplayPosition | undefined>;
  save(position: ReplayPosition): Promise<void>;
}

/** Forgets with the process; for a replay that always begins anew. */
export function memoryPositionStore(): PositionStore {
  let kept: ReplayPosition | undefined;
  return {
    load: () => Promise.resolve(kept),
    save: (position) => {
      kept = position;
      return Promise.resolve();
    },
  };
}

/** One JSON file, replaced as a whole, so that a reader never sees half of it. Made with its folder at the first save. */
export function filePositionStore(path: string): PositionStore {
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
      try {
        return replayPositionV1.parse(JSON.parse(text));
      } catch (cause) {
        throw new Error(
          `${path} is not the position of a replay: start with --fresh, or delete the file to begin the replay anew`,
          { cause },
        );
      }
    },
    async save(position) {
      await mkdir(dirname(path), { recursive: true });
      const next = `${path}.next`;
      const file = await open(next, "w");
      try {
        await file.writeFile(`${JSON.stringify(position)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },
  };
}
