/**
 * Patterns of requests as regular expressions of the server, which are PCRE's. What has no special
 * meaning in a pattern is escaped, so that it has none there.
 */

import { type PatternWriter, translateLike } from '../../../values/like-pattern.ts'
import { compilePosixPattern } from '../../../values/posix-pattern.ts'
import { notImplemented, refuse } from '../mongodb-refusal.ts'
import type { Regex } from './filter-target.ts'

/** What every version of the server reads: 6.1 to 7.0 take no more. */
const longestRegexBytes = 16_384

/** A regular expression is matched by trying, and nothing ends one that tries for long. */
const longestPatternBytes = 4096

/** No pattern holds one. */
const separator = '\0'

const asPcre: PatternWriter = {
  any: separator,
  one: '.',
  literal: (character) => character.replace(/[\\^$.*+?()[\]{}|/#-]/u, '\\$&'),
}

/**
 * `abc%` is `^abc` alone, which an index on the field serves. What stands between two `%` is taken
 * where it first comes, and never looked for again: no pattern makes the server try for long.
 *
 * Throws  CompileRefusal, for one that is too long
 */
export function likeToRegex(like: string, ignoresCase: boolean): Regex {
  const [first = '', ...rest] = translateLike(like, asPcre).split(separator)
  const last = rest.pop()
  const middle = rest.filter((piece) => piece !== '').map((piece) => `(?>.*?${piece})`)
  const end = last === undefined ? '\\z' : last === '' ? '' : `.*${last}\\z`
  const pattern = `^${first}${middle.join('')}${end}`
  if (Buffer.byteLength(pattern) > longestRegexBytes) return refuseLong(longestRegexBytes)
  // the dot is any character, newlines too
  return { pattern, options: ignoresCase ? 'is' : 's' }
}

function refuseLong(bytes: number): never {
  return notImplemented(`patterns that take more than ${bytes} bytes`)
}

/** Throws  CompileRefusal: 2201B for what is no regular expression; for one that is too long */
export function posixToRegex(pattern: string, ignoresCase: boolean): Regex {
  if (Buffer.byteLength(pattern) > longestPatternBytes) return refuseLong(longestPatternBytes)
  const read = compilePosixPattern(pattern, ignoresCase)
  if (!read.ok) return refuse(read.error)
  const { source, flags } = read.value
  return { pattern: toPcre(source, flags.includes('m')), options: flags.replace('u', '') }
}

/**
 * JavaScript's expression as PCRE's: `$` there also stands before a newline that ends the text, and
 * characters by number are written otherwise.
 */
function toPcre(source: string, isMultiline: boolean): string {
  let isInBracket = false
  return source.replace(
    /\\u\{([\da-f]+)\}|\\u([\da-f]{4})|\\[\s\S]|[[\]$]/giu,
    (whole, braced: string | undefined, plain: string | undefined) => {
      const code = braced ?? plain
      if (code !== undefined) return `\\x{${code}}`
      if (whole === '[') isInBracket = true
      if (whole === ']') isInBracket = false
      return whole === '$' && !isInBracket && !isMultiline ? '\\z' : whole
    },
  )
}
