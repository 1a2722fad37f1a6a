/**
 * A value as every engine can hold it: what the text of a request becomes once its type is known.
 * Integers beyond what a JavaScript number keeps exactly are `bigint`.
 */
export type TypedValue = null | string | number | bigint | Uint8Array
