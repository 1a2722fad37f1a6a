/**
 * The filters of a query string by themselves: `tenant_id=eq.5&or=(a.is.null,b.gt.1)`, as rules that
 * an operator writes are made of. The same grammar as a request's, but everything has to be a
 * filter and is read to its end.
 *
 * Rule  PostgREST docs: tables_views (Horizontal Filtering, Logical operators)
 */
import { err, ok, type Result } from '../core/result.ts'
import type { At, LogicTree, SlotValue } from './api-request.ts'
import { logicPath, treePath } from './parse-field.ts'
import { filterCondition } from './parse-filter.ts'
import { logicTree } from './parse-logic.ts'
import { parseQueryPairs } from './query-string.ts'
import { endOfText, failed, parseText, type Rule } from './scanner.ts'
import { SyntaxFailure } from './syntax-failure.ts'

export interface ParsedConditions {
  /** All of them have to hold. The path names the relations between the rows and the condition. */
  readonly conditions: readonly At<LogicTree>[]
  readonly values: readonly SlotValue[]
}

const otherKeys: ReadonlySet<string> = new Set([
  'select',
  'columns',
  'on_conflict',
  'order',
  'limit',
  'offset',
])

/**
 * Shape   as in a URL after the question mark: percent-encoded where it has to be
 * Errors  one sentence on the first pair that is no filter
 */
export function parseConditions(text: string): Result<ParsedConditions, string> {
  // as it would come over the wire, a byte a unit
  const pairs = parseQueryPairs(Buffer.from(text, 'utf8').toString('latin1'))
  if (pairs === null) return err('it is not valid UTF-8 when decoded')
  if (pairs.length === 0) return err('it has no filter')
  const values: SlotValue[] = []
  const conditions: At<LogicTree>[] = []
  for (const { key, value } of pairs) {
    const last = key.slice(key.lastIndexOf('.') + 1)
    if (otherKeys.has(last)) return err(`${JSON.stringify(key)} is no filter`)
    if (value === null) return err(`${JSON.stringify(key)} has no condition`)
    try {
      conditions.push(parsePair(key, value, values))
    } catch (failure) {
      if (!(failure instanceof SyntaxFailure)) throw failure
      return err(`${failure.message}: ${failure.details}`)
    }
  }
  return ok({ conditions, values })
}

function parsePair(key: string, value: string, values: SlotValue[]): At<LogicTree> {
  const subject = (text: string) => `failed to parse filter (${text})`
  if (/(?:^|\.)(?:and|or)$/.test(key)) {
    const { path, operator } = parseText(whole(logicPath), key, subject).value
    const tree = parseText(whole(logicTree), `${operator}${value}`, subject, values)
    return { path, value: tree.value }
  }
  const { path, field } = parseText(whole(treePath), key, subject).value
  const condition = parseText(whole(filterCondition), value, subject, values)
  return { path, value: { kind: 'filter', field, ...condition.value } }
}

/** A rule that leaves nothing unread. */
function whole<T>(rule: Rule<T>): Rule<T> {
  return (s) => {
    const value = rule(s)
    return value === failed || endOfText(s) === failed ? failed : value
  }
}
