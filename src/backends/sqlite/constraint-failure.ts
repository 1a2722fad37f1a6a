/**
 * A constraint that failed in SQLite → PostgreSQL's SQLSTATE, words and details. SQLite names columns
 * or a constraint; what it failed for was found out by the writer process.
 *
 * Rule  PostgreSQL manual: Error Codes, class 23
 */
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { valueFailure } from '../values/value-failure.ts'
import type { WriteFacts } from './catalog/write-facts.ts'
import type { ConstraintEvidence } from './wire/reply-frames.ts'

export interface FailedWrite {
  /** The relation that was written; empty where a function may have written to any. */
  readonly relation: string
  readonly mutation: 'insert' | 'update' | 'upsert' | 'delete'
  /** By relation: triggers write to others, too. */
  readonly facts: ReadonlyMap<string, WriteFacts>
  readonly evidence: ConstraintEvidence | undefined
}

/** Null where the message is about no constraint. */
export function constraintFailure(
  code: string,
  message: string,
  failed: FailedWrite,
): DatabaseFailure | null {
  if (code === 'SQLITE_CONSTRAINT_TRIGGER') return valueFailure('P0001', message)
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return foreignKeyFailure(failed)
  if (code === 'SQLITE_MISMATCH') return nullRowid(failed)
  const [, what, named = ''] =
    /^(UNIQUE|NOT NULL|CHECK) constraint failed: (.*)$/s.exec(message) ?? []
  switch (what) {
    case 'UNIQUE':
      return uniqueFailure(named, failed)
    case 'NOT NULL':
      return nullFailure(named, failed)
    case 'CHECK':
      return checkFailure(named, failed)
    default:
      return null
  }
}

/** `named`: `t.a, t.b`, or `index 'i'` where expressions are indexed. */
function uniqueFailure(named: string, failed: FailedWrite): DatabaseFailure {
  const index = /^index '(.*)'$/s.exec(named)?.[1]
  const relation = relationIn(named, failed)
  const key = failed.facts.get(relation)?.uniqueKeys.find(({ columns }) => {
    return named === columns.map((column) => `${relation}.${column}`).join(', ')
  })
  const columns = key?.columns ?? columnsIn(named, relation)
  const own = relation === failed.relation
  const constraint = index ?? key?.constraint ?? `${relation}_${columns.join('_')}_key`
  const message = `duplicate key value violates unique constraint "${constraint}"`
  const values = own && index === undefined ? valuesOf(columns, failed) : null
  const details =
    values === null ? null : `Key (${columns.join(', ')})=(${values.join(', ')}) already exists.`
  return valueFailure('23505', message, { details })
}

function nullFailure(named: string, failed: FailedWrite): DatabaseFailure {
  const relation = relationIn(named, failed)
  const [column = ''] = columnsIn(named, relation)
  const message = `null value in column "${column}" of relation "${relation}" violates not-null constraint`
  return valueFailure('23502', message, {
    details: relation === failed.relation ? failingRow(failed) : null,
  })
}

/** A rowid takes nothing but integers, and these were read before: it was a null. */
function nullRowid(failed: FailedWrite): DatabaseFailure | null {
  const { evidence, relation, facts } = failed
  const column = facts.get(relation)?.rowidColumn ?? null
  if (column === null || evidence?.kind !== 'row') return null
  const isNull = evidence.row.some(([name, value]) => name === column && value === null)
  return isNull ? nullFailure(`${relation}.${column}`, failed) : null
}

/** `named`: its name, or its expression where it has none. */
function checkFailure(named: string, failed: FailedWrite): DatabaseFailure {
  const { relation: written, facts } = failed
  const has = ([, { checks }]: readonly [string, WriteFacts]) =>
    checks.some(({ label }) => label === named)
  const own = facts.get(written)
  const [relation, found] =
    own !== undefined && has([written, own])
      ? [written, own]
      : ([...facts].find(has) ?? [written, undefined])
  const check = found?.checks.find((each) => each.label === named)
  const message = `new row for relation "${relation}" violates check constraint "${check?.constraint ?? named}"`
  return valueFailure('23514', message, {
    details: relation === written ? failingRow(failed) : null,
  })
}

function foreignKeyFailure({ relation, mutation, evidence }: FailedWrite): DatabaseFailure {
  const isRemoval = mutation === 'delete'
  if (evidence?.kind !== 'foreign-key') {
    const doing = isRemoval ? 'update or delete' : 'insert or update'
    return valueFailure('23503', `${doing} on table "${relation}" violates foreign key constraint`)
  }
  const { constraint, child, parent, columns, values, isReferred } = evidence
  const key = `Key (${columns.join(', ')})=(${values.map(shown).join(', ')})`
  return isReferred
    ? valueFailure(
        '23503',
        `update or delete on table "${parent}" violates foreign key constraint "${constraint}" on table "${child}"`,
        { details: `${key} is still referenced from table "${child}".` },
      )
    : valueFailure(
        '23503',
        `insert or update on table "${child}" violates foreign key constraint "${constraint}"`,
        { details: `${key} is not present in table "${parent}".` },
      )
}

/** Names may have dots in them: the relation that is written comes first, then the longest name. */
function relationIn(named: string, { relation, facts }: FailedWrite): string {
  const isIn = (name: string) => named.startsWith(`${name}.`)
  if (isIn(relation)) return relation
  const [longest] = [...facts.keys()].filter(isIn).sort((a, b) => b.length - a.length)
  return longest ?? named.slice(0, Math.max(named.indexOf('.'), 0))
}

/** `t.a, t.b` → a, b */
function columnsIn(named: string, relation: string): readonly string[] {
  return named.slice(relation.length + 1).split(`, ${relation}.`)
}

function valuesOf(columns: readonly string[], { evidence }: FailedWrite): readonly string[] | null {
  if (evidence?.kind !== 'row') return null
  const row = new Map(evidence.row)
  return columns.map((column) => shown(row.get(column) ?? null))
}

/** PostgreSQL prints no more of a value. */
const mostShown = 64

function failingRow({ evidence }: FailedWrite): string | null {
  if (evidence?.kind !== 'row') return null
  const values = evidence.row.map(([, value]) => {
    const text = shown(value)
    return text.length > mostShown ? `${text.slice(0, mostShown)}...` : text
  })
  return `Failing row contains (${values.join(', ')}).`
}

function shown(value: string | null): string {
  return value ?? 'null'
}
