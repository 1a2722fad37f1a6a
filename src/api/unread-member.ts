/**
 * A logic tree that could not be read → the first filter in it that has no operator, for a hint. The
 * grammar itself cannot say: what is no filter it takes for a nested tree.
 */

import type { FieldPath } from './api-request.ts'
import { hasOperator } from './missing-operator.ts'
import { delimiter, field } from './parse-field.ts'
import { type Failed, failed, parseText, type Scanner } from './scanner.ts'
import { type FilterText, SyntaxFailure } from './syntax-failure.ts'

/** Trees that are deeper were refused for that. */
const maxDepth = 250

/** Shape  `or(id.eq.1,name.Banyan)` → the filter `name.` with the value `Banyan`; null: none such */
export function unreadMember(tree: string, depth = 0): Omit<FilterText, 'path'> | null {
  const members = /^(?:not\.)?(?:and|or)\s*\((.*)\)\s*$/s.exec(tree)?.[1]
  if (members === undefined) return readFilter(tree)
  if (depth === maxDepth) return null
  for (const member of splitMembers(members)) {
    const found = unreadMember(member.trimStart(), depth + 1)
    if (found !== null) return found
  }
  return null
}

function readFilter(text: string): Omit<FilterText, 'path'> | null {
  try {
    const { field, valueAt } = parseText(fieldAndDelimiter, text, () => '').value
    const value = text.slice(valueAt)
    return hasOperator(value) ? null : { field, start: text.slice(0, valueAt), value }
  } catch (failure) {
    if (!(failure instanceof SyntaxFailure)) throw failure
    return null
  }
}

interface Start {
  readonly field: FieldPath
  readonly valueAt: number
}

function fieldAndDelimiter(s: Scanner): Start | Failed {
  const column = field(s)
  return column === failed || delimiter(s) === failed ? failed : { field: column, valueAt: s.at }
}

/** At the commas outside of parentheses, braces and quotes. */
function splitMembers(text: string): readonly string[] {
  const members: string[] = []
  let depth = 0
  let from = 0
  for (const { 0: part, index } of text.matchAll(/"(?:\\.|[^"\\])*"|[(){},]/gs)) {
    if (part === '(' || part === '{') depth += 1
    else if (part === ')' || part === '}') depth -= 1
    else if (part === ',' && depth === 0) {
      members.push(text.slice(from, index))
      from = index + 1
    }
  }
  return [...members, text.slice(from)]
}
