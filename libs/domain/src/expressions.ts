/**
 * Expressions of the definitions (CEL, in the YAML files) as the pure domain sees them: functions that it is given.
 * `libs/definitions` implements this port with a CEL library.
 */
export interface Expressions {
  /** `condition` of one expression, for those who ask it often. */
  compiled(source: string): CompiledCondition;
  /** True or false. Throws `ExpressionFailed` when the expression fails at run time, e.g. on a missing field. */
  condition(source: string, variables: Readonly<Record<string, unknown>>): boolean;
  /** A key as text; numbers become their decimal form. Throws as `condition` does. */
  value(source: string, variables: Readonly<Record<string, unknown>>): string;
  /** A text, a finite number, true or false. Throws as `condition` does. */
  scalar(source: string, variables: Readonly<Record<string, unknown>>): string | number | boolean;
}

/** Throws as `Expressions.condition` does. */
export type CompiledCondition = (variables: Readonly<Record<string, unknown>>) => boolean;

/** An expression that was well-formed failed on the data it was given: a missing field, two types that do not compare. */
export class ExpressionFailed extends Error {
  override readonly name = "ExpressionFailed";
  constructor(
    readonly expression: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${expression}: ${detail}`, options);
  }
}
