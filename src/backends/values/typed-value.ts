/**
 * A value without an engine: what the text of a request becomes once its type is known, and what
 * casts are made from and to. Integers are `bigint`, so that none loses digits; dates, times, uuids
 * and JSON are texts.
 */
export type TypedValue = null | string | number | bigint | boolean | Uint8Array
