/**
 * How SQLite would run a statement: what asks for it, and the steps as they cross to the server.
 *
 * Rule  SQLite manual: EXPLAIN QUERY PLAN
 */

/** A statement that begins with it is explained, not run. */
export const explainPrefix = 'EXPLAIN QUERY PLAN '

/** Its number, that of the step it is part of (0: of none), and what is done. */
export type PlanStep = readonly [id: number, parent: number, detail: string]
