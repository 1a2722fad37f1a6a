/**
 * How rules are put together: one after the other in plain code, and with these functions where a
 * rule may fail without ending the parse.
 *
 * A failed rule that has moved the cursor ends the parse; one that has not lets the next alternative
 * try; `attempt` moves the cursor back. Each function treats the complaints in the trace as
 * PostgREST's parser does, because their texts are part of the contract.
 */
import { maxRequestNodes } from './request-limits.ts'
import {
  addTo,
  blanks,
  type Failed,
  failed,
  forget,
  type Rule,
  type Scanner,
  word,
} from './scanner.ts'
import { type Complaint, syntaxFailure } from './syntax-failure.ts'

/** The rule, or nothing read at all. */
export function attempt<T>(s: Scanner, rule: Rule<T>): T | Failed {
  const start = s.at
  const { trace } = s
  if (trace === null) {
    const value = rule(s)
    if (value === failed) s.at = start
    return value
  }
  const { at: placeBefore, complaints: complaintsBefore } = trace
  const value = rule(s)
  if (value === failed && s.at !== start) {
    s.at = start
    const { at, complaints } = trace
    trace.at = placeBefore
    trace.complaints = complaintsBefore
    addTo(trace, at, complaints)
  }
  return value
}

/** `attempt(word)`, which needs no rule made for it. */
export function attemptWord(s: Scanner, expected: string): true | Failed {
  if (s.trace === null) {
    if (!s.text.startsWith(expected, s.at)) return failed
    s.at += expected.length
    return true
  }
  return attempt(s, (inner) => word(inner, expected))
}

/** Whether the rule would succeed here. */
export function lookAheadWord(s: Scanner, expected: string): true | Failed {
  if (s.trace === null) return s.text.startsWith(expected, s.at) ? true : failed
  const { at, complaints } = s.trace
  const start = s.at
  const value = attemptWord(s, expected)
  if (value !== failed) {
    s.at = start
    s.trace.at = at
    s.trace.complaints = complaints
  }
  return value
}

/** Names the rule in error texts, in place of what it is made of, as long as it has read nothing. */
export function named<T>(s: Scanner, name: string, rule: Rule<T>): T | Failed {
  const { trace } = s
  if (trace === null) return rule(s)
  const { at: placeBefore, complaints: complaintsBefore } = trace
  const start = s.at
  forget(s)
  const value = rule(s)
  if (s.at !== start) return value
  const { at, complaints } = trace
  if (at < trace.from) {
    trace.at = placeBefore
    trace.complaints = complaintsBefore
    return value
  }
  const renamed: readonly Complaint[] =
    value === failed || complaints.length > 0
      ? [{ kind: 'wanted', text: name }, ...complaints.filter((each) => each.kind !== 'wanted')]
      : complaints
  trace.at = placeBefore
  trace.complaints = complaintsBefore
  addTo(trace, at, renamed)
  return value
}

export function either<A, B>(s: Scanner, first: Rule<A>, second: Rule<B>): A | B | Failed {
  const start = s.at
  const value = first(s)
  return value !== failed || s.at !== start ? value : second(s)
}

/** The rule's value, or undefined if it does not begin here. */
export function optional<T>(s: Scanner, rule: Rule<T>): T | undefined | Failed {
  const start = s.at
  const value = rule(s)
  return value === failed && s.at === start ? undefined : value
}

/** One or more items with separators between them. */
export function separated<T>(
  s: Scanner,
  item: Rule<T>,
  separator: Rule<unknown>,
): readonly T[] | Failed {
  const first = item(s)
  if (first === failed) return failed
  const items = [first]
  for (;;) {
    const start = s.at
    if (separator(s) === failed) return s.at === start ? items : failed
    const next = item(s)
    if (next === failed) return s.at === start ? items : failed
    items.push(next)
    // what an earlier round wanted is no part of the error at the list's end
    forget(s)
  }
}

/**
 * The rule one level of parentheses further in. `maxLevels` also keeps the functions that walk the
 * tree from exhausting the stack.
 *
 * Throws  SyntaxFailure
 */
export function nested<T>(s: Scanner, maxLevels: number, rule: Rule<T>): T | Failed {
  if (s.depth >= maxLevels) throw tooMuch(s, `more than ${maxLevels} nested levels`)
  s.depth += 1
  const value = rule(s)
  s.depth -= 1
  return value
}

/**
 * Counts one thing that a plan has a node for, or what costs as much as several.
 *
 * Throws  SyntaxFailure
 */
export function countNode(s: Scanner, nodes = 1): void {
  s.nodes += nodes
  if (s.nodes > maxRequestNodes) throw tooMuch(s, tooManyNodes.text)
}

export const tooManyNodes: Complaint = {
  kind: 'refused',
  text: `more than ${maxRequestNodes} columns, embeds, conditions and order terms`,
}

/** What ends a parse that went past one of the limits. */
export function tooMuch(s: Scanner, text: string): Error {
  return syntaxFailure(s.subject(s.text), s.text, s.at, [{ kind: 'refused', text }])
}

/** The rule with blanks around it. */
export function spaced<T>(s: Scanner, rule: Rule<T>): T | Failed {
  blanks(s)
  const value = rule(s)
  if (value !== failed) blanks(s)
  return value
}
