import type { ActionDefinition, Arbitration } from "#contracts";
import type { ControlGroup } from "./control-group.js";

/** All actions that a decision may choose from, and the catalogues that they come from. */
export interface Catalogue {
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  /** Of the one catalogue that has it. */
  readonly arbitration?: Arbitration;
  /** In order of id. */
  readonly versions: readonly {
    readonly id: string;
    readonly version: number;
    /** Names the content. */
    readonly digest?: string;
  }[];
  /** Control groups in force, in order of id. */
  readonly experiments?: readonly ControlGroup[];
}
