/**
 * What is known of the values of a field, in the kinds that differ in how operands are read, stored
 * and compared. MongoDB stores whatever it is given: a kind other than `mixed` and `any` says what a
 * validator enforces or all that was seen.
 */
export const fieldKinds = [
  'int',
  'long',
  'double',
  'decimal',
  'string',
  'bool',
  'date',
  'objectId',
  'uuid',
  'binary',
  /** Of elements of one kind, or of any: `FieldFacts.elements`. */
  'array',
  'document',
  /** Only Extended JSON can show it: regular expressions, timestamps, code. */
  'other',
  /** Several kinds were seen. */
  'mixed',
  /** Nothing is known. */
  'any',
] as const
export type FieldKind = (typeof fieldKinds)[number]
