/**
 * How SQLite would run a statement: what asks for it, and the steps as they cross to the server.
 *
 * Rule  SQLite manual: EXPLAIN QUERY PLAN
 */

/** A statement that begins with it is explained, not run. */
export const explainPrefix = 'EXPLAIN QUERY PLAN '

/** Its number, that of the step it is part of (0: of none), and what is done. */
export type PlanStep = readonly [id: number, parent: number, detail: string]

/** Throws  what a process of ours does not write */
export function readPlanSteps(json: string): readonly PlanStep[] {
  const steps: unknown = JSON.parse(json)
  if (!Array.isArray(steps) || !steps.every(isStep)) throw new Error('no steps of a query plan')
  return steps
}

function isStep(value: unknown): value is PlanStep {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [id, parent, detail]: readonly unknown[] = value
  return typeof id === 'number' && typeof parent === 'number' && typeof detail === 'string'
}
