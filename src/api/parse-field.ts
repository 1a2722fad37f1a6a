/**
 * Names of columns, embeds and functions, JSON paths behind them, and the keys of query pairs
 * (`embed.embed.column->path`): the rules that select, filters, order and the rest share. Pure
 * syntax: whether a name exists is decided by plan/.
 *
 * A name is letters of any script, digits, `_`, `$`, blanks inside, and single dashes, or anything
 * in double quotes with `\` before a quote or a backslash.
 *
 * Rule  PostgREST docs: url_grammar, tables_views (JSON columns)
 */
import type { EmbedPath, FieldPath, JsonStep } from './api-request.ts'
import {
  attempt,
  attemptWord,
  countNode,
  either,
  lookAheadWord,
  named,
  separated,
  spaced,
  tooMuch,
} from './combinators.ts'
import { maxJsonSteps } from './request-limits.ts'
import {
  advance,
  char,
  complain,
  endOfText,
  type Failed,
  failed,
  notNext,
  type Scanner,
  textUpTo,
} from './scanner.ts'

const noPath: readonly JsonStep[] = Object.freeze([])
const letter = /^\p{L}/u

/** Units from `at` on that belong to an identifier: 0, 1, or 2 for a letter beyond the BMP. */
function identifierUnits(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code < 128) {
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122
    const isDigit = code >= 48 && code <= 57
    return isLetter || isDigit || code === 95 || code === 32 || code === 36 ? 1 : 0
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  return at < text.length && letter.test(character) ? character.length : 0
}

/** Letters, digits, `_`, `$` and blanks; blanks at the ends are dropped. Type names are these too. */
export function identifier(s: Scanner): string | Failed {
  const start = s.at
  let at = start
  for (let units = identifierUnits(s.text, at); units > 0; units = identifierUnits(s.text, at)) {
    at += units
  }
  if (at > start) advance(s, at - start)
  complain(s, 'letter', 'digit')
  return at === start ? failed : s.text.slice(start, at).trim()
}

/**
 * A short cut for the commonest item of a list: ASCII letters, digits and `_`, then a comma, a
 * closing parenthesis or the end. Null: the item is more than that; nothing was read.
 */
export function bareName(s: Scanner): string | null {
  const { text, at: start } = s
  let at = start
  let code = text.charCodeAt(at)
  while (((code | 32) >= 97 && (code | 32) <= 122) || (code >= 48 && code <= 57) || code === 95) {
    at += 1
    code = text.charCodeAt(at)
  }
  const isWhole = at > start && (at >= text.length || code === 44 || code === 41)
  if (!isWhole) return null
  s.at = at
  return text.slice(start, at)
}

/** Text in double quotes, `\` taking the next character as it is. */
export function quotedValue(s: Scanner): string | Failed {
  if (char(s, '"') === failed) return failed
  const { text } = s
  let value = ''
  let kept = s.at
  let at = s.at
  for (;;) {
    const character = text[at]
    if (character === '"') break
    if (character === undefined) {
      advance(s, at - s.at)
      complain(s, '"\\\\"', '"\\""')
      return failed
    }
    at += 1
    if (character === '\\') {
      if (at >= text.length) {
        advance(s, at - s.at)
        complain(s)
        return failed
      }
      value += text.slice(kept, at - 1)
      kept = at
      at += 1
    }
  }
  value += text.slice(kept, at)
  advance(s, at + 1 - s.at)
  return value
}

const isGreater = (character: string) => character === '>'

function singleDash(s: Scanner): true | Failed {
  return char(s, '-') === failed ? failed : notNext(s, isGreater, '">"')
}

/** `-`, unless it is the beginning of an arrow. */
function dash(s: Scanner): true | Failed {
  return attempt(s, singleDash)
}

function dashedIdentifier(s: Scanner): string | Failed {
  const parts = separated(s, identifier, dash)
  return parts === failed ? failed : joined(parts)
}

function joined(parts: readonly string[]): string {
  const [first = ''] = parts
  return parts.length === 1 ? first : parts.join('-')
}

function fieldNameText(s: Scanner): string | Failed {
  return either(s, quotedValue, dashedIdentifier)
}

export function fieldName(s: Scanner): string | Failed {
  return named(s, 'field name (* or [a..z0..9_$])', fieldNameText)
}

function keyPart(s: Scanner): string | Failed {
  const part = textUpTo(s, '(-:.,>)')
  return part === '' ? failed : part.trim()
}

function dashedKey(s: Scanner): string | Failed {
  const parts = separated(s, keyPart, dash)
  return parts === failed ? failed : joined(parts)
}

function keyText(s: Scanner): string | Failed {
  return either(s, quotedValue, dashedKey)
}

function jsonKey(s: Scanner): Omit<JsonStep, 'arrow'> | Failed {
  const key = named(s, 'any non reserved character different from: .,>()', keyText)
  return key === failed ? failed : { key, isIndex: false }
}

function indexEnd(s: Scanner): true | Failed {
  const isEnd =
    lookAheadWord(s, '->') !== failed ||
    lookAheadWord(s, '::') !== failed ||
    lookAheadWord(s, '.') !== failed ||
    lookAheadWord(s, ',') !== failed ||
    endOfText(s) !== failed
  return isEnd ? true : failed
}

function jsonIndex(s: Scanner): Omit<JsonStep, 'arrow'> | Failed {
  const start = s.at
  char(s, '-')
  const digits = s.at
  let at = digits
  for (let code = s.text.charCodeAt(at); code >= 48 && code <= 57; code = s.text.charCodeAt(at)) {
    at += 1
  }
  if (at > digits) advance(s, at - digits)
  complain(s, 'digit')
  if (at === digits || indexEnd(s) === failed) return failed
  return { key: s.text.slice(start, at), isIndex: true }
}

function tryIndex(s: Scanner): Omit<JsonStep, 'arrow'> | Failed {
  return attempt(s, jsonIndex)
}

function tryKey(s: Scanner): Omit<JsonStep, 'arrow'> | Failed {
  return attempt(s, jsonKey)
}

/** `->key->>0`: any number of steps, none included. */
export function jsonPath(s: Scanner): readonly JsonStep[] | Failed {
  let steps: JsonStep[] | null = null
  for (;;) {
    const isText = attemptWord(s, '->>') !== failed
    if (!isText && attemptWord(s, '->') === failed) return steps ?? noPath
    const operand = either(s, tryIndex, tryKey)
    if (operand === failed) return failed
    steps ??= []
    if (steps.length === maxJsonSteps) throw tooMuch(s, `more than ${maxJsonSteps} JSON arrows`)
    countNode(s)
    steps.push({ arrow: isText ? '->>' : '->', ...operand })
  }
}

function fieldText(s: Scanner): FieldPath | Failed {
  const name = fieldName(s)
  if (name === failed) return failed
  const path = jsonPath(s)
  return path === failed ? failed : { name, jsonPath: path }
}

/** A name with its JSON path, blanks around allowed. */
export function field(s: Scanner): FieldPath | Failed {
  return spaced(s, fieldText)
}

function fullStop(s: Scanner): true | Failed {
  return char(s, '.')
}

export function delimiter(s: Scanner): true | Failed {
  return named(s, 'delimiter (.)', fullStop)
}

/** `:` of an alias, not the `::` of a cast. */
export function aliasSeparator(s: Scanner): true | Failed {
  return char(s, ':') === failed ? failed : notNext(s, (character) => character === ':', '":"')
}

function commaText(s: Scanner): true | Failed {
  return char(s, ',')
}

/** A comma with blanks around it. */
export function spacedComma(s: Scanner): true | Failed {
  return spaced(s, commaText)
}

/** `columns=` and `on_conflict=`: names separated by commas. */
export function nameList(s: Scanner): readonly string[] | Failed {
  return separated(s, fieldName, spacedComma)
}

export interface TreePath {
  readonly path: EmbedPath
  readonly field: FieldPath
}

/** Path of embeds for filters, orders and windows of the root. */
const rootPath: EmbedPath = Object.freeze([])

/** The key of a pair: `director.name->first` is the column `name` of the embed `director`. */
export function treePath(s: Scanner): TreePath | Failed {
  countNode(s)
  const names = separated(s, fieldName, delimiter)
  if (names === failed) return failed
  const path = jsonPath(s)
  if (path === failed) return failed
  return {
    path: names.length === 1 ? rootPath : names.slice(0, -1),
    field: { name: names.at(-1) ?? '', jsonPath: path },
  }
}

/** `and`, `not.or`, `embed.not.and`: where the tree applies, and the operator in front of it. */
export function logicPath(s: Scanner): { path: EmbedPath; operator: string } | Failed {
  const names = separated(s, fieldName, delimiter)
  if (names === failed) return failed
  const operator = names.at(-1) ?? ''
  const path = names.slice(0, -1).filter((name) => name !== 'not')
  return {
    path: path.length === 0 ? rootPath : path,
    operator: names.includes('not') ? `not.${operator}` : operator,
  }
}
