/**
 * SQLite's query plan → the bodies of `application/vnd.pgrst.plan`: a tree of lines as SQLite's shell
 * draws it, or nested objects under `Plan`, as PostgreSQL's are. There are no costs and no row
 * counts in it, since SQLite tells none.
 *
 * Rule  PostgREST docs: observability (Execution plan)
 */
import { assertNever } from '../../core/assert-never.ts'
import type { PlanStep } from './wire/query-plan.ts'

/**
 * Shape   text: `QUERY PLAN\n|--SCAN films\n`; json:
 *         `[{"Plan":{"Node Type":"Query Plan","Plans":[{"Detail":"SCAN films"}]}}]`
 */
export function printQueryPlan(steps: readonly PlanStep[], format: 'text' | 'json'): string {
  const parts = partsOf(steps)
  switch (format) {
    case 'text':
      return ['QUERY PLAN', ...linesOf(parts, 0, ''), ''].join('\n')
    case 'json':
      return JSON.stringify([{ Plan: { 'Node Type': 'Query Plan', Plans: nodesOf(parts, 0) } }])
    default:
      return assertNever(format)
  }
}

/** The steps that are part of another one, by its number. */
type Parts = ReadonlyMap<number, readonly PlanStep[]>

function partsOf(steps: readonly PlanStep[]): Parts {
  const parts = new Map<number, PlanStep[]>()
  for (const step of steps) {
    const [, parent] = step
    const known = parts.get(parent)
    if (known === undefined) parts.set(parent, [step])
    else known.push(step)
  }
  return parts
}

function linesOf(parts: Parts, parent: number, indent: string): readonly string[] {
  const children = parts.get(parent) ?? []
  return children.flatMap(([id, , detail], index) => {
    const isLast = index === children.length - 1
    const deeper = `${indent}${isLast ? '   ' : '|  '}`
    return [`${indent}${isLast ? '`--' : '|--'}${detail}`, ...linesOf(parts, id, deeper)]
  })
}

interface PlanNode {
  readonly Detail: string
  readonly Plans?: readonly PlanNode[]
}

function nodesOf(parts: Parts, parent: number): readonly PlanNode[] {
  return (parts.get(parent) ?? []).map(([id, , detail]) => {
    const plans = nodesOf(parts, id)
    return plans.length === 0 ? { Detail: detail } : { Detail: detail, Plans: plans }
  })
}
