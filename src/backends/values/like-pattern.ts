/**
 * LIKE patterns (`%`, `_`, backslash escapes) in another language of patterns: regular expressions
 * here, whatever an engine has by a writer of its own.
 */

/** How the other language says the three things that a LIKE pattern is made of. */
export interface PatternWriter {
  /** Any characters, or none. */
  readonly any: string
  /** Any one character. */
  readonly one: string
  readonly literal: (character: string) => string
}

const asRegExp: PatternWriter = {
  any: '.*',
  one: '.',
  // with the flag `u` nothing else may be escaped
  literal: (character) => character.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&'),
}

export function translateLike(pattern: string, writer: PatternWriter): string {
  return pattern.replace(/\\(.)|[\s\S]/gsu, (whole, escaped: string | undefined) => {
    if (escaped !== undefined) return writer.literal(escaped)
    if (whole === '%') return writer.any
    return whole === '_' ? writer.one : writer.literal(whole)
  })
}

/** Matches whole texts, whatever the case of their letters. */
export function likeToRegExp(pattern: string): RegExp {
  return new RegExp(`^${translateLike(pattern, asRegExp)}$`, 'isu')
}
