/**
 * LIKE patterns (`%`, `_`, backslash escapes) in the forms that SQLite runs: GLOB, which is
 * case-sensitive and can use an index, and regular expressions for matching without case beyond
 * ASCII, which SQLite's LIKE does not do.
 */

interface PatternWriter {
  readonly any: string
  readonly one: string
  readonly literal: (character: string) => string
}

const asGlob: PatternWriter = {
  any: '*',
  one: '?',
  literal: (character) => ('*?['.includes(character) ? `[${character}]` : character),
}

const asRegExp: PatternWriter = {
  any: '.*',
  one: '.',
  // with the flag `u` nothing else may be escaped
  literal: (character) => character.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&'),
}

function translate(pattern: string, writer: PatternWriter): string {
  return pattern.replace(/\\(.)|[\s\S]/gsu, (whole, escaped: string | undefined) => {
    if (escaped !== undefined) return writer.literal(escaped)
    if (whole === '%') return writer.any
    return whole === '_' ? writer.one : writer.literal(whole)
  })
}

/** Shape  `50\%_*%` → `50%?[*]*` */
export function likeToGlob(pattern: string): string {
  return translate(pattern, asGlob)
}

/** Matches whole texts, whatever the case of their letters. */
export function likeToRegExp(pattern: string): RegExp {
  return new RegExp(`^${translate(pattern, asRegExp)}$`, 'isu')
}
