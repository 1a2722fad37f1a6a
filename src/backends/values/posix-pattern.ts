/**
 * PostgreSQL's regular expressions as JavaScript's: character classes and word boundaries are
 * translated, what both write alike passes. What only one of them knows (collating elements,
 * back-reference rules, `***` directors) is refused or differs: the grade says best effort.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { valueFailure } from './value-failure.ts'

/** `[[:alpha:]]` and friends, for use inside brackets. */
const classes: Readonly<Record<string, string>> = {
  alnum: '\\p{L}\\p{Nd}',
  alpha: '\\p{L}',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '\\d',
  graph: '\\x21-\\x7e',
  lower: '\\p{Ll}',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: '\\p{Lu}',
  word: '\\p{L}\\p{Nd}_',
  xdigit: '0-9A-Fa-f',
}

/** Escapes that mean something else, or nothing, in JavaScript. */
const escapes: Readonly<Record<string, string>> = {
  y: '\\b',
  Y: '\\B',
  m: '\\b(?=\\w)',
  M: '\\b(?<=\\w)',
  A: '^',
  Z: '$',
  a: '\\x07',
  e: '\\x1b',
  w: '[\\p{L}\\p{Nd}_]',
  W: '[^\\p{L}\\p{Nd}_]',
}

/**
 * Errors  2201B: no regular expression in JavaScript either
 */
export function compilePosixPattern(
  pattern: string,
  ignoresCase: boolean,
): Result<RegExp, DatabaseFailure> {
  const [, options = '', body = ''] = /^(?:\(\?([a-z]+)\))?(.*)$/su.exec(pattern) ?? []
  const flags = new Set(ignoresCase || options.includes('i') ? ['i', 's'] : ['s'])
  if (/[nm]/.test(options)) {
    flags.delete('s')
    flags.add('m')
  }
  try {
    // with `u` first: it refuses what it does not know instead of taking it literally
    return ok(new RegExp(translate(body), `${[...flags].join('')}u`))
  } catch {
    return err(valueFailure('2201B', `invalid regular expression: ${pattern}`))
  }
}

function translate(pattern: string): string {
  let text = ''
  let at = 0
  while (at < pattern.length) {
    const character = pattern.charAt(at)
    if (character === '\\') {
      const next = pattern.charAt(at + 1)
      text += escapes[next] ?? escapeOf(next)
      at += 2
    } else if (character === '[') {
      const end = bracketEnd(pattern, at)
      text += translateBracket(pattern.slice(at, end))
      at = end
    } else {
      text += character
      at += 1
    }
  }
  return text
}

/** `u` refuses needless escapes, PostgreSQL takes them for the character itself. */
function escapeOf(character: string): string {
  return character === '' || /[\w^$\\.*+?()[\]{}|/]/u.test(character) ? `\\${character}` : character
}

/** Where the bracket expression that begins at `from` ends; a `]` right at its start is a member. */
function bracketEnd(pattern: string, from: number): number {
  const members = /\[\^?\]?(?:\[[:.=][^\]]*[:.=]\]|\\.|[^\]\\])*\]/suy
  members.lastIndex = from
  return members.test(pattern) ? members.lastIndex : pattern.length
}

function translateBracket(bracket: string): string {
  const [, open = '[', first = '', inner = '', close = ''] =
    /^(\[\^?)(\]?)(.*?)(\]?)$/su.exec(bracket) ?? []
  const members = inner.replace(
    /\[:(\w+):\]|\\(.)|\[/gsu,
    (whole, name: string | undefined, escaped: string | undefined) => {
      if (name !== undefined) return Object.hasOwn(classes, name) ? (classes[name] ?? '') : whole
      if (escaped === undefined) return '\\['
      if (escaped === '-') return '\\-'
      return escaped === 'w' ? (classes['word'] ?? whole) : escapeOf(escaped)
    },
  )
  return `${open}${first === '' ? '' : '\\]'}${members}${close}`
}
