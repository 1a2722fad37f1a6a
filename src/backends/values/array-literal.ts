/**
 * PostgreSQL's array literal, `{"a","b"}`: how lists of values travel as one parameter, and how
 * clients write the lists of quantified operators.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { trimBlanks } from './trim-blanks.ts'
import { valueFailure } from './value-failure.ts'

/**
 * Every member is quoted, so that none reads as NULL or as syntax.
 *
 * Shape  ['a', 'b"c', ''] → `{"a","b\"c",""}`
 */
export function toArrayLiteral(members: readonly string[]): string {
  return `{${members.map(quoteMember).join(',')}}`
}

function quoteMember(member: string): string {
  const end = member.indexOf('\0')
  const clean = end === -1 ? member : member.slice(0, end)
  return `"${clean.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

export type ArrayMembers = readonly (string | null)[]

/**
 * Members of a one-dimensional literal; an unquoted NULL is null.
 *
 * Shape   `{a,"b c",null}` → ['a', 'b c', null]
 * Errors  22P02: no such literal
 */
export function parseArrayLiteral(text: string): Result<ArrayMembers, DatabaseFailure> {
  const members = membersIn(trimBlanks(text))
  if (members !== null) return ok(members)
  const details = trimBlanks(text).startsWith('{')
    ? null
    : 'Array value must start with "{" or dimension information.'
  return err(valueFailure('22P02', `malformed array literal: "${text}"`, { details }))
}

function membersIn(literal: string): ArrayMembers | null {
  if (!literal.startsWith('{') || !literal.endsWith('}')) return null
  const inner = literal.slice(1, -1)
  if (trimBlanks(inner) === '') return []
  const member = /[ \t\n\v\f\r]*(?:"((?:[^"\\]|\\.)*)"|((?:[^",{}\\]|\\.)+?))[ \t\n\v\f\r]*(,|$)/suy
  const members: (string | null)[] = []
  for (;;) {
    const found = member.exec(inner)
    if (found === null) return null
    const [, quoted, bare, separator] = found
    const value = (quoted ?? bare ?? '').replace(/\\(.)/gsu, '$1')
    members.push(bare !== undefined && bare.toLowerCase() === 'null' ? null : value)
    if (separator === '') return members
  }
}
