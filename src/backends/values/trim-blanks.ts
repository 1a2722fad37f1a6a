/**
 * What PostgreSQL's readers of values take for blanks: those of ASCII. JavaScript's `trim` and `\s` take
 * others of Unicode too, such as the one that keeps words on a line, which are part of a value.
 *
 * Rule  v18: src/backend/utils/adt (isspace in the C locale)
 */

const around = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g
const foreign = /(?![ \t\n\v\f\r])\s/

export function trimBlanks(text: string): string {
  return text.replace(around, '')
}

/** Whether the text has a blank that is none to PostgreSQL. */
export function hasForeignBlank(text: string): boolean {
  return foreign.test(text)
}
