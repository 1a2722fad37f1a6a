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
  switch (format) {
    case 'text':
      return ['QUERY PLAN', ...linesOf(steps, 0, ''), ''].join('\n')
    case 'json':
      return JSON.stringify([{ Plan: { 'Node Type': 'Query Plan', Plans: nodesOf(steps, 0) } }])
    default:
      return assertNever(format)
  }
}

function childrenOf(steps: readonly PlanStep[], wanted: number): readonly PlanStep[] {
  return steps.filter(([, parent]) => parent === wanted)
}

function linesOf(steps: readonly PlanStep[], parent: number, indent: string): readonly string[] {
  const children = childrenOf(steps, parent)
  return children.flatMap(([id, , detail], index) => {
    const isLast = index === children.length - 1
    const deeper = `${indent}${isLast ? '   ' : '|  '}`
    return [`${indent}${isLast ? '`--' : '|--'}${detail}`, ...linesOf(steps, id, deeper)]
  })
}

interface PlanNode {
  readonly Detail: string
  readonly Plans?: readonly PlanNode[]
}

function nodesOf(steps: readonly PlanStep[], parent: number): readonly PlanNode[] {
  return childrenOf(steps, parent).map(([id, , detail]) => {
    const plans = nodesOf(steps, id)
    return plans.length === 0 ? { Detail: detail } : { Detail: detail, Plans: plans }
  })
}
