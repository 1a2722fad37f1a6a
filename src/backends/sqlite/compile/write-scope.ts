/**
 * What the statements of one write have in common: the relation and what is known of it, how its rows
 * are found again, the payload's shape, and the conditions of the rows that are meant.
 */
import { nameKey } from '../../../core/qualified-name.ts'
import type { Condition, MutatePlan } from '../../../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { compileCondition, type FilterScope } from '../../sql/compile-filter.ts'
import {
  ident,
  qualified,
  type SqlStatement,
  type SqlText,
  toStatement,
} from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type SqliteFacts, sqliteFacts } from '../catalog/sqlite-facts.ts'
import type { WriteFacts } from '../catalog/write-facts.ts'
import type { WriteStatement } from '../wire/write-program.ts'
import { refuse } from './compile-refusal.ts'
import type { FieldTable } from './compile-sqlite-field.ts'
import { compileFilter, type FilterPlace } from './compile-sqlite-filter.ts'
import { guardNegatedSearch } from './compile-sqlite-fts.ts'
import type { PayloadShape } from './compile-sqlite-payload.ts'
import { behindRule, compileRules, isSilent, type RowExists } from './compile-sqlite-rule.ts'
import { type CompileContext, createCompileContext, rowExists } from './compile-sqlite-scope.ts'
import { inlineSources } from './sqlite-sources.ts'
import { type RowKey, rowKeyOf } from './write-target.ts'

export interface WriteScope {
  readonly plan: MutatePlan
  readonly relation: Relation
  readonly facts: WriteFacts
  readonly allFacts: SqliteFacts
  readonly snapshot: SchemaSnapshot
  /** For rules, which look at other relations. */
  readonly context: CompileContext
  readonly key: RowKey
  readonly shape: PayloadShape
  /** `"main"."films"` */
  readonly target: SqlText
  /** By which columns are qualified: views take no alias where they are written. */
  readonly table: SqlText
}

export function openWriteScope(plan: MutatePlan, snapshot: SchemaSnapshot): WriteScope {
  const { relation: name } = plan
  const allFacts = sqliteFacts(snapshot.engineFacts)
  const relation = snapshot.relations.get(nameKey(name))
  const facts = allFacts.writes.get(name.name)
  if (relation === undefined || facts === undefined) {
    return refuse(valueFailure('42P01', `relation "${name.name}" does not exist`))
  }
  const { columns, applyDefaults, mutation } = plan
  return {
    plan,
    relation,
    facts,
    allFacts,
    snapshot,
    context: { ...createCompileContext(snapshot), sources: inlineSources(allFacts) },
    key: rowKeyOf(relation, facts),
    shape: {
      relation,
      fields: columns,
      appliesDefaults: applyDefaults && mutation !== 'upsert',
      storedForms: allFacts.storedForms.get(name.name) ?? new Map(),
    },
    target: qualified(name),
    table: ident(name.name),
  }
}

/** The relation's columns under the name `table`. */
export function placeOf({ relation, allFacts }: WriteScope, table: SqlText): FieldTable {
  const { name } = relation
  return {
    table,
    relation,
    label: name,
    isStrict: allFacts.strictRelations.has(name),
    storedForms: allFacts.storedForms.get(name) ?? new Map(),
    incomparable: allFacts.incomparable.get(name) ?? new Set(),
    computed: allFacts.computed.get(name) ?? new Map(),
  }
}

export function filterPlaceOf(scope: WriteScope, table: SqlText): FilterPlace {
  const ftsIndexes = scope.allFacts.ftsIndexes.get(scope.plan.relation.name) ?? []
  return { ...placeOf(scope, table), ftsIndexes }
}

/** For rules that look at other relations. */
export function rowExistsFor({ context }: WriteScope, place: FilterPlace): RowExists {
  return (node) => rowExists(node, place, context)
}

/**
 * The conditions of the write, of rows under the name `table`: those of the request, behind what
 * rules leave of the rows.
 */
export function writeConditions(
  scope: WriteScope,
  table: SqlText = scope.table,
): readonly SqlText[] {
  const { plan } = scope
  const place = filterPlaceOf(scope, table)
  const filterScope: FilterScope = {
    filter: (field, operation) => compileFilter(place, field, operation),
    embedIsNull: () => {
      throw new Error('a write filtered by an embed')
    },
  }
  const rule = compileRules(plan.using, place, rowExistsFor(scope, place))
  const asked = plan.where.map((condition: Condition) => {
    const compiled = compileCondition(guardNegatedSearch(condition, place), filterScope)
    return behindRule(compiled, rule, isSilent(condition, place))
  })
  return rule === null ? asked : [rule, ...asked]
}

/** Gathers a program's statements, so that their operands are bound in one list. */
export class StatementList {
  readonly statements: SqlStatement[] = []
  #operands = 0

  add(text: SqlText): WriteStatement {
    const statement = toStatement(text, () => '?')
    this.statements.push(statement)
    const operandsAt = this.#operands
    const operands = statement.params.length
    this.#operands += operands
    return { sql: statement.text, operandsAt, operands }
  }
}
