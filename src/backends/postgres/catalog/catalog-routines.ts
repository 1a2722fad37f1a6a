/**
 * Functions of the exposed schemas → routines with their parameters, return type and settings.
 * Procedures, aggregates, window and trigger functions are no part of the API, nor are functions
 * that could not be called because their parameters have no names.
 *
 * Rule  PostgREST docs: functions, transactions (function settings)
 */

import type { Steps } from '../../../core/run-in-slices.ts'
import type { IsolationLevel, Routine, RoutineParameter } from '../../../schema/catalog.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import {
  type CatalogRow,
  flagIn,
  listIn,
  numberIn,
  restricted,
  textIn,
  textOrNull,
  textsIn,
} from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'
import type { CatalogType, TypeCatalog } from './catalog-types.ts'

/** What `parseRoutines` reads: of a routine p, its schema pn and its comment d. */
export const routineColumns = `pn.nspname AS proc_schema, p.proname as name, d.description,
  p.pronargs, p.pronargdefaults, array_to_json(p.proargtypes::oid[]) as input_types,
  to_json(p.proallargtypes) as all_types, to_json(p.proargmodes) as modes,
  to_json(p.proargnames) as names, p.prorettype as return_type, p.proretset as returns_set,
  p.provolatile as volatility, p.provariadic <> 0 as has_variadic,
  to_json(p.proconfig) as settings`

const routinesSql = (restriction: string) => `
select p.oid, ${routineColumns}
from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
  left join pg_catalog.pg_description d on d.objoid = p.oid
    and d.classoid = 'pg_catalog.pg_proc'::regclass and d.objsubid = 0
where p.pronamespace = any ($1::oid[]) and p.prokind = 'f'
  and p.prorettype <> 'pg_catalog.trigger'::regtype ${restriction}
order by p.oid`

/** @param only oids as an array literal; null: all of the exposed schemas */
export function routinesStatement(
  { exposed }: CatalogScope,
  only: string | null,
): ControlStatement {
  return restricted(routinesSql, 'and p.oid = any ($2::oid[])', [exposed], only)
}

interface Argument {
  readonly type: number
  readonly name: string
  readonly mode: string
}

/** All arguments in the order declared: input ones and columns of the result. */
function argumentsOf(row: CatalogRow): readonly Argument[] {
  const types = textOrNull(row, 'all_types') === null ? 'input_types' : 'all_types'
  const modes = textsIn(row, 'modes')
  const names = textsIn(row, 'names')
  return listIn(row, types).map((type, at) => ({
    type: Number(type),
    name: names[at] ?? '',
    mode: modes[at] ?? 'i',
  }))
}

/** i: in, b: inout, v: variadic; o and t are columns of the result. */
function isInput({ mode }: Argument): boolean {
  return mode === 'i' || mode === 'b' || mode === 'v'
}

/** Types that a routine names, the one that it returns first. */
export function typesOfRoutine(row: CatalogRow): readonly number[] {
  return [numberIn(row, 'return_type'), ...argumentsOf(row).map(({ type }) => type)]
}

/** What routines need to know of the types that they name. */
export interface RoutineTypes extends Pick<TypeCatalog, 'isThere'> {
  readonly typeOf: (oid: number) => Pick<CatalogType, 'text' | 'isDomain'>
  readonly baseOf: (oid: number) => Pick<CatalogType, 'schema' | 'name' | 'isComposite'>
  /** Base types of the columns that results have; absent: they are not wanted. */
  readonly columnTypeOf?: (oid: number) => string
}

export function* parseRoutines(
  rows: readonly CatalogRow[],
  types: RoutineTypes,
  hoistedSettings: readonly string[],
): Steps<readonly Routine[]> {
  const hoisted = hoistedNames(hoistedSettings)
  const routines: Routine[] = []
  for (const row of rows) {
    yield
    const routine = describeRoutine(row, types, hoisted)
    if (routine !== null) routines.push(routine)
  }
  return routines
}

/** Names of settings, by which `describeRoutine` chooses. */
export function hoistedNames(settings: readonly string[]): ReadonlySet<string> {
  return new Set(settings.map((name) => name.toLowerCase()))
}

/** Null for a function that could not be called; one that names a type which is gone is such a one. */
export function describeRoutine(
  row: CatalogRow,
  types: RoutineTypes,
  hoisted: ReadonlySet<string>,
): Routine | null {
  const all = argumentsOf(row)
  const inputs = all.filter(isInput)
  if (!typesOfRoutine(row).every(types.isThere)) return null
  if (textOrNull(row, 'names') === null && !isCallableUnnamed(inputs)) return null
  const settings = textsIn(row, 'settings').map(splitSetting)
  const isolation = settings.find(([name]) => name === 'default_transaction_isolation')
  const returned = types.baseOf(numberIn(row, 'return_type'))
  return {
    schema: textIn(row, 'proc_schema'),
    name: textIn(row, 'name'),
    description: textOrNull(row, 'description'),
    parameters: parameters(inputs, row, types),
    returns: {
      isSet: flagIn(row, 'returns_set'),
      type: { schema: returned.schema, name: returned.name },
      kind: returnKind(returned, all),
      isCompositeAlias: types.typeOf(numberIn(row, 'return_type')).isDomain,
      ...columnTypes(all, types),
    },
    volatility: volatility(textIn(row, 'volatility')),
    hasVariadic: flagIn(row, 'has_variadic'),
    wholeBody: wholeBody(inputs),
    isolationLevel: isolation === undefined ? null : isolationLevel(isolation[1]),
    settings: settings.filter(([name]) => hoisted.has(name.toLowerCase())),
  }
}

function columnTypes(
  all: readonly Argument[],
  { columnTypeOf }: RoutineTypes,
): Pick<Routine['returns'], 'columnTypes'> {
  const columns = all.filter(({ mode }) => 'tbo'.includes(mode))
  if (columnTypeOf === undefined || columns.length === 0) return {}
  return { columnTypes: new Map(columns.map(({ name, type }) => [name, columnTypeOf(type)])) }
}

/** A result whose columns are declared among the arguments is a row as well. */
function returnKind(
  returned: Pick<CatalogType, 'schema' | 'name' | 'isComposite'>,
  all: readonly Argument[],
): Routine['returns']['kind'] {
  if (returned.schema === 'pg_catalog' && returned.name === 'void') return 'void'
  const isComposite = returned.isComposite || all.some(({ mode }) => 'tbo'.includes(mode))
  return isComposite ? 'composite' : 'scalar'
}

/** Oid of a type → the kind of request body that a single parameter of it takes whole. */
const bodyKinds: ReadonlyMap<number, Routine['wholeBody']> = new Map([
  [17, 'octet-stream'], // bytea
  [114, 'json'],
  [3802, 'json'], // jsonb
  [25, 'text'],
  [142, 'xml'],
])

function isCallableUnnamed(inputs: readonly Argument[]): boolean {
  return inputs.length === 0 || wholeBody(inputs) !== null
}

function wholeBody([only, ...others]: readonly Argument[]): Routine['wholeBody'] {
  if (only === undefined || others.length > 0 || only.name !== '') return null
  return bodyKinds.get(only.type) ?? null
}

/** Types that cut or pad a value to a length → types that take it as it is. */
const wideTypes: Readonly<Record<string, string>> = {
  bit: 'bit varying',
  'bit[]': 'bit varying[]',
  character: 'character varying',
  'character[]': 'character varying[]',
}

function parameters(
  inputs: readonly Argument[],
  row: CatalogRow,
  types: RoutineTypes,
): readonly RoutineParameter[] {
  const required = numberIn(row, 'pronargs') - numberIn(row, 'pronargdefaults')
  return inputs.map(({ name, type, mode }, at) => {
    const { text } = types.typeOf(type)
    return {
      name,
      type: text,
      wideType: wideTypes[text] ?? text,
      isRequired: at < required,
      isVariadic: mode === 'v',
    }
  })
}

function volatility(code: string): Routine['volatility'] {
  if (code === 'i') return 'immutable'
  return code === 's' ? 'stable' : 'volatile'
}

function splitSetting(setting: string): readonly [string, string] {
  const at = setting.indexOf('=')
  return [setting.slice(0, at), setting.slice(at + 1)]
}

/** Anything else that PostgreSQL accepts is treated as read committed, as PostgREST does. */
export function isolationLevel(value: string): IsolationLevel {
  switch (value.toLowerCase()) {
    case 'repeatable read':
      return 'repeatable-read'
    case 'serializable':
      return 'serializable'
    default:
      return 'read-committed'
  }
}
