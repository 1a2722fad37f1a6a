/**
 * The function registry against one SQLite schema: its definitions and what SQLite said of their
 * statements → routines for the catalog, and what the compiler has to know to call each. What
 * cannot be called is kept with its failure, so that it is told by name and answers precisely.
 */

import { onlySchema } from '../../../core/only-schema.ts'
import { qualifiedName } from '../../../core/qualified-name.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { CatalogRelation, Column, Routine, UnusableRoutine } from '../../../schema/catalog.ts'
import type { FunctionDefinition, FunctionRegistry } from '../../registry/function-registry.ts'
import {
  type RegisteredParameters,
  type RoutineResult,
  registeredParameters,
  registeredRoutine,
  resultColumn,
  routineResult,
  scalarColumn,
  writingRefused,
} from '../../registry/registered-routine.ts'
import { requestPartNamed } from '../../registry/request-part-named.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { RawStatement } from '../wire/raw-catalog.ts'
import {
  type ComputedColumn,
  preparableRowFunction,
  type RowFunction,
  readRowFunction,
  takesRow,
} from './computed-columns.ts'
import { readDeclaredType } from './declared-type.ts'
import {
  type FunctionSql,
  type InlinedSource,
  isPipeline,
  preparableText,
  readFunctionSql,
  withViews,
} from './function-sql.ts'

export interface SqliteFunction {
  readonly kind: 'callable'
  /** By the name that its SQL knows it by. */
  readonly parameters: RegisteredParameters
  /** The last one answers. */
  readonly statements: readonly FunctionStatement[]
  readonly result: RoutineResult
  /** Of its rows, as they are read: those of the relation, or its own. */
  readonly columns: readonly Column[]
  /** What `response.status` and `response.headers` of the first row say is said of the answer. */
  readonly setsStatus: boolean
  readonly setsHeaders: boolean
}

export interface FunctionStatement {
  readonly sql: FunctionSql
  /** The columns that it hands back, in its order: the last one's value is called `pgrst_scalar`. */
  readonly names: readonly string[]
  readonly isReadOnly: boolean
  /** Columns of tables, as against what the statement computes. */
  readonly plainColumns: ReadonlySet<string>
}

export interface BrokenFunction {
  readonly kind: 'broken'
  readonly failure: DatabaseFailure
}

export type RegisteredFunction = SqliteFunction | BrokenFunction

export const controlColumns = { status: 'response.status', headers: 'response.headers' } as const

/** The statements that SQLite is to prepare, function by function, those that can be read. */
export function registeredStatements(registry: FunctionRegistry): readonly string[] {
  return registry.flatMap((definition) => {
    if (takesRow(definition)) {
      const row = readRowFunction(definition)
      return row.ok ? [preparableRowFunction(row.value)] : []
    }
    const read = readStatements(definition)
    return read.ok ? read.value.map(preparableText) : []
  })
}

export type ToFailure = (raw: Extract<RawStatement, { kind: 'failed' }>) => DatabaseFailure

export interface BuiltFunctions {
  readonly routines: readonly Routine[]
  readonly unusable: readonly UnusableRoutine[]
  /** By the position in the registry, which routines name. */
  readonly functions: readonly RegisteredFunction[]
  /** By relation and name: what is read like a column. */
  readonly computed: ReadonlyMap<string, ReadonlyMap<string, ComputedColumn>>
}

/**
 * `prepared` answers `registeredStatements`, one for one; `toFailure` says what SQLite says in
 * PostgreSQL's terms; `views`: what a statement reads in place of a view's name.
 */
export function buildFunctions(
  registry: FunctionRegistry,
  prepared: readonly RawStatement[],
  relations: readonly CatalogRelation[],
  views: ReadonlyMap<string, InlinedSource>,
  toFailure: ToFailure,
): BuiltFunctions {
  const left = [...prepared]
  const computed = new Map<string, Map<string, ComputedColumn>>()
  const built = registry.map((definition, index): BuiltFunction => {
    const rowOf = relations.find(({ name }) => name === definition.parameters[0]?.type)
    if (takesRow(definition)) {
      const row = readRowFunction(definition)
      const answer = row.ok ? left.shift() : undefined
      if (rowOf === undefined) return broken(definition, index, missingRow(definition))
      const column = row.ok
        ? computedColumn(definition, row.value, answer, toFailure)
        : err(row.error)
      if (!column.ok) return broken(definition, index, column.error)
      const others = computed.get(rowOf.name) ?? new Map<string, ComputedColumn>()
      const { pieces } = row.ok ? withViews(row.value.sql, views) : column.value
      computed.set(rowOf.name, others.set(definition.name, { ...column.value, pieces }))
      return { kind: 'computed' }
    }
    const read = readStatements(definition)
    const answers = read.ok ? left.splice(0, read.value.length) : []
    const made = read.ok
      ? buildFunction(definition, read.value, answers, relations, toFailure)
      : err(read.error)
    if (!made.ok) return broken(definition, index, made.error)
    const { result, columns, statements } = made.value
    const routine = registeredRoutine(definition, result, columns, onlySchema)
    const inlined = statements.map((each) => ({ ...each, sql: withViews(each.sql, views) }))
    return {
      kind: 'routine',
      routine: { ...routine, definition: index },
      made: { ...made.value, statements: inlined },
    }
  })
  return {
    routines: built.flatMap((each) => (each.kind === 'computed' ? [] : [each.routine])),
    unusable: built.flatMap((each) =>
      each.kind === 'routine' && each.made.kind === 'broken'
        ? [{ ...qualifiedName(onlySchema, each.routine.name), cause: causeOf(each.made.failure) }]
        : [],
    ),
    functions: built.map((each) => (each.kind === 'computed' ? notCalled : each.made)),
    computed,
  }
}

type BuiltFunction =
  | { readonly kind: 'routine'; readonly routine: Routine; readonly made: RegisteredFunction }
  | { readonly kind: 'computed' }

/** What no routine leads to. */
const notCalled: BrokenFunction = {
  kind: 'broken',
  failure: valueFailure('42883', 'a function of a row is read as a column'),
}

/** It is known by its name and its parameters all the same. */
function broken(
  definition: FunctionDefinition,
  index: number,
  failure: DatabaseFailure,
): BuiltFunction {
  const routine = registeredRoutine(definition, null, [], onlySchema)
  return {
    kind: 'routine',
    routine: { ...routine, definition: index },
    made: { kind: 'broken', failure },
  }
}

function missingRow(definition: FunctionDefinition): DatabaseFailure {
  const parameters = registeredParameters(definition)
  if (parameters.ok) throw new Error('a row is of no type of values')
  return parameters.error
}

function computedColumn(
  definition: FunctionDefinition,
  row: RowFunction,
  answer: RawStatement | undefined,
  toFailure: ToFailure,
): Result<ComputedColumn, DatabaseFailure> {
  const result = routineResult(definition, () => false)
  if (!result.ok) return result
  if (answer === undefined) throw new Error('SQLite was not asked about a statement')
  if (answer.kind === 'failed') return err(toFailure(answer))
  const stranger = strangerAmong([row.sql], new Map())
  if (stranger !== null) return err(valueFailure('42P02', `there is no parameter :${stranger}`))
  if (result.value.kind !== 'scalar') throw new Error('a function of a row that is no value')
  return ok({ pieces: row.sql.pieces, reads: row.reads, column: result.value.column })
}

function causeOf({ message, details }: DatabaseFailure): string {
  return details === null ? message : `${message}: ${details}`
}

function readStatements({
  body,
}: FunctionDefinition): Result<readonly FunctionSql[], DatabaseFailure> {
  if (body.kind !== 'sql') return err(isPipeline)
  const read: FunctionSql[] = []
  for (const statement of body.statements) {
    const sql = readFunctionSql(statement)
    if (!sql.ok) return sql
    read.push(sql.value)
  }
  return ok(read)
}

function buildFunction(
  definition: FunctionDefinition,
  statements: readonly FunctionSql[],
  answers: readonly RawStatement[],
  relations: readonly CatalogRelation[],
  toFailure: ToFailure,
): Result<SqliteFunction, DatabaseFailure> {
  const parameters = registeredParameters(definition)
  if (!parameters.ok) return parameters
  const stranger = strangerAmong(statements, parameters.value)
  if (stranger !== null) return err(valueFailure('42P02', `there is no parameter :${stranger}`))
  const result = routineResult(definition, (name) => relations.some((each) => each.name === name))
  if (!result.ok) return result

  const prepared: FunctionStatement[] = []
  let shown: readonly Column[] = []
  for (const [index, sql] of statements.entries()) {
    const answer = answers[index]
    if (answer === undefined) throw new Error('SQLite was not asked about a statement')
    if (answer.kind === 'failed') return err(toFailure(answer))
    if (!answer.isReadOnly && definition.volatility !== 'volatile')
      return err(writingRefused(sql.command))
    const handedBack = answer.columns.map(({ name }) => name)
    const isScalar = result.value.kind === 'scalar' && index === statements.length - 1
    const names = isScalar ? withScalar(handedBack) : handedBack
    const plainColumns = new Set(
      answer.columns.flatMap(({ name, type }) => (type === null ? [] : [name])),
    )
    prepared.push({ sql, names, isReadOnly: answer.isReadOnly, plainColumns })
    shown = answer.columns.map(({ name, type }) => {
      const { baseType, nominalType } = readDeclaredType(type ?? '')
      return resultColumn(name, baseType, nominalType)
    })
  }
  const names = shown.map(({ name }) => name)
  const columns = resultColumns(result.value, shown, relations)
  return columns.ok
    ? ok({
        kind: 'callable',
        parameters: parameters.value,
        statements: prepared,
        result: result.value,
        columns: columns.value,
        setsStatus: names.includes(controlColumns.status),
        setsHeaders: names.includes(controlColumns.headers),
      })
    : columns
}

function isControl(name: string): boolean {
  return name === controlColumns.status || name === controlColumns.headers
}

/** The first column is the value, whatever it is called. */
function withScalar(names: readonly string[]): readonly string[] {
  const at = names.findIndex((name) => !isControl(name))
  return names.map((name, index) => (index === at ? scalarColumn : name))
}

function strangerAmong(
  statements: readonly FunctionSql[],
  parameters: ReadonlyMap<string, unknown>,
): string | null {
  for (const { pieces } of statements) {
    for (const piece of pieces) {
      if (piece.kind === 'text' || parameters.has(piece.name)) continue
      if (requestPartNamed(piece.name) === null) return piece.name
    }
  }
  return null
}

/** The columns that rows are read by, which the statement has to give. */
function resultColumns(
  result: RoutineResult,
  shown: readonly Column[],
  relations: readonly CatalogRelation[],
): Result<readonly Column[], DatabaseFailure> {
  const own = shown.filter(({ name }) => !isControl(name))
  switch (result.kind) {
    case 'void':
      return ok([])
    case 'scalar': {
      const [first] = own
      if (first === undefined) return mismatch('the last statement returns nothing')
      const { column } = result
      return ok([column.baseType === 'any' ? { ...first, name: scalarColumn } : column])
    }
    case 'columns':
      if (result.columns === null) {
        return own.length === 0 ? mismatch('the last statement returns nothing') : ok(own)
      }
      return allOf(result.columns, own)
    case 'relation': {
      const relation = relations.find(({ name }) => name === result.relation)
      return allOf(relation?.columns ?? [], own)
    }
  }
}

function allOf(
  wanted: readonly Column[],
  own: readonly Column[],
): Result<readonly Column[], DatabaseFailure> {
  const names = new Set(own.map(({ name }) => name.toLowerCase()))
  const missing = wanted.find(({ name }) => !names.has(name.toLowerCase()))
  return missing === undefined
    ? ok(wanted)
    : mismatch(`the last statement does not return the column ${missing.name}`)
}

function mismatch(details: string): Result<never, DatabaseFailure> {
  const message = 'what the function returns is not what its statement returns'
  return err(valueFailure('42P13', message, { details }))
}
