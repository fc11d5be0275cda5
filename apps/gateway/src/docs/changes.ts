/** What the API's document says of every change of what is live. */

export const WHO =
  "`by` and `why` go on record; nothing checks `by` yet, because Segue has no sign-in so far.";

/** Of a request with a JSON body that is put into a stream. */
export const BODY_PROBLEMS = [
  "malformed-json",
  "unsupported-media-type",
  "invalid-data",
  "too-large",
  "stream-away",
] as const;
