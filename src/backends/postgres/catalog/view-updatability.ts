/**
 * Which writes a relation takes: rules of views, INSTEAD triggers and the relations below → insert,
 * update, delete. PostgreSQL's own answer, pg_relation_is_updatable, locks every relation on the
 * way, so a migration in progress would hold up each load; this function needs no lock.
 *
 * Rule  PostgreSQL manual: CREATE VIEW (Updatable Views); what pg_relation_is_updatable(oid, true)
 *       answers, which a test compares with
 */
import type { ViewRule } from './view-rule.ts'

export interface Writes {
  readonly insert: boolean
  readonly update: boolean
  readonly delete: boolean
}

/** Facts about one relation that is no plain or partitioned table. */
export interface WriteFacts {
  /** Null for foreign tables and materialized views, and where the rule cannot be read. */
  readonly rule: ViewRule | null
  /** By INSTEAD OF triggers, unconditional DO INSTEAD rules, or a foreign data wrapper. */
  readonly own: Writes
}

export interface WriteFactsOf {
  get(relation: number): WriteFacts | undefined
}

export const noWrites: Writes = { insert: false, update: false, delete: false }
export const allWrites: Writes = { insert: true, update: true, delete: true }

export function eitherWrites(a: Writes, b: Writes): Writes {
  return {
    insert: a.insert || b.insert,
    update: a.update || b.update,
    delete: a.delete || b.delete,
  }
}

function bothWrite(a: Writes, b: Writes): Writes {
  return {
    insert: a.insert && b.insert,
    update: a.update && b.update,
    delete: a.delete && b.delete,
  }
}

/** Writes that the view or foreign table takes, by `facts` of it and of those below it. */
export function writesOf(relation: number, facts: WriteFactsOf): Writes {
  return follow(relation, facts, null, [])
}

/** `wanted`: of the relation's columns only those that the view above passes writes on to. */
function follow(
  relation: number,
  facts: WriteFactsOf,
  wanted: ReadonlySet<number> | null,
  above: readonly number[],
): Writes {
  // a view that ends up at itself cannot be read, let alone written
  if (above.includes(relation)) return noWrites
  const known = facts.get(relation)
  if (known === undefined) return noWrites
  const { rule, own } = known
  if (rule === null || rule.base === null) return own
  const reached = rule.columns.filter(
    (column) => column.baseColumn !== null && (wanted?.has(column.position) ?? true),
  )
  // rows can be removed through a view that none of their columns can be set through
  const byRule: Writes = reached.length > 0 ? allWrites : { ...noWrites, delete: true }
  const { base } = rule
  if (base.kind === 'r' || base.kind === 'p') return eitherWrites(own, byRule)
  const baseColumns = new Set(reached.flatMap(({ baseColumn }) => baseColumn ?? []))
  const below = follow(base.relation, facts, baseColumns, [...above, relation])
  return eitherWrites(own, bothWrite(byRule, below))
}
