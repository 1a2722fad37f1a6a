/**
 * Functions of a schema → their entries among `Functions`: arguments, what they return, and where the
 * result has columns and relationships of a relation, which (`SetofOptions`). Functions of a row,
 * which are read like columns and embedded like relations, are there by what they take.
 *
 * Overloads are a union. A function without arguments takes `never`.
 */
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Routine, RoutineParameter } from '../schema/catalog.ts'
import type { ComputedRelationship } from '../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { block, docLines, indented, propertyName, quoted } from './code-text.ts'
import type { ValueTypes } from './value-types.ts'

export interface FunctionContext {
  /** The schema that is printed. */
  readonly schema: string
  readonly relations: SchemaSnapshot['relations']
  readonly types: ValueTypes
}

interface Signature {
  readonly args: string
  readonly returns: string
  readonly setof: SetofOptions | null
}

interface SetofOptions {
  readonly from: string
  readonly to: string
  readonly isOneToOne: boolean
  readonly isSetofReturn: boolean
}

/** All that one name stands for. */
export interface NamedFunction {
  readonly name: string
  readonly routines: readonly Routine[]
  /** Embedded by that name. */
  readonly embedded: readonly ComputedRelationship[]
  /** Relations whose rows have a field of that name. */
  readonly fieldOf: readonly Relation[]
}

export function printFunction(
  { name, routines, embedded, fieldOf }: NamedFunction,
  context: FunctionContext,
): readonly string[] {
  const signatures = [
    ...routines.map((routine) => routineSignature(routine, context)),
    ...embedded.map((relationship) => embeddedSignature(relationship, context)),
    ...fieldOf.map((relation) => fieldSignature(name, relation, context)),
  ]
  const doc = docLines(
    routines.find(({ description }) => description !== null)?.description ?? null,
  )
  const [only, ...others] = signatures
  if (only === undefined) return []
  if (others.length === 0) return [...doc, ...block(`${propertyName(name)}:`, members(only))]
  const union = signatures.flatMap((each) => block('|', members(each)))
  return [...doc, `${propertyName(name)}:`, ...indented(union)]
}

function members({ args, returns, setof }: Signature): readonly string[] {
  const options =
    setof === null
      ? []
      : block('SetofOptions:', [
          `from: ${quoted(setof.from)}`,
          `to: ${quoted(setof.to)}`,
          `isOneToOne: ${setof.isOneToOne}`,
          `isSetofReturn: ${setof.isSetofReturn}`,
        ])
  return [`Args: ${args}`, `Returns: ${returns}`, ...options]
}

function routineSignature(routine: Routine, context: FunctionContext): Signature {
  const { type, isSet } = routine.returns
  const relation = routine.returns.kind === 'composite' ? relationOf(type, context) : undefined
  const returned = returnedType(routine.returns, relation, context)
  return {
    args: argsType(routine.parameters, context.types),
    returns: isSet ? `${bracketed(returned)}[]` : returned,
    setof:
      relation === undefined || relation.schema !== context.schema
        ? null
        : { from: '*', to: relation.name, isOneToOne: !isSet, isSetofReturn: isSet },
  }
}

function relationOf(type: QualifiedName, { relations }: FunctionContext): Relation | undefined {
  return relations.get(nameKey(type))
}

function returnedType(
  { kind, type, columnTypes }: Routine['returns'],
  relation: Relation | undefined,
  context: FunctionContext,
): string {
  switch (kind) {
    case 'void':
      return 'undefined'
    case 'scalar':
      return context.types.ofName(type)
    case 'composite': {
      if (columnTypes !== undefined) return columnsType(columnTypes, context.types)
      if (relation !== undefined) return context.types.ofResult(relation)
      return type.name === 'record' ? 'Record<string, unknown>' : context.types.ofName(type)
    }
  }
}

function columnsType(columns: ReadonlyMap<string, string>, types: ValueTypes): string {
  const list = [...columns].map(([name, type]) => `${propertyName(name)}: ${types.ofText(type)}`)
  return `{ ${list.join('; ')} }`
}

function argsType(parameters: readonly RoutineParameter[], types: ValueTypes): string {
  if (parameters.length === 0) return 'never'
  const list = parameters.map(({ name, type, isRequired }) => {
    return `${propertyName(name)}${isRequired ? '' : '?'}: ${types.ofText(type)}`
  })
  return `{ ${list.join('; ')} }`
}

/** A set of at most one row may be empty, so that what is embedded may be null. */
function embeddedSignature(
  { origin, target, isToOne }: ComputedRelationship,
  context: FunctionContext,
): Signature {
  const [from, to] = [relationOf(origin, context), relationOf(target, context)]
  const returned = to === undefined ? 'Json' : context.types.ofResult(to)
  return {
    args: rowArgument(from, context),
    returns: isToOne ? returned : `${bracketed(returned)}[]`,
    setof: { from: origin.name, to: target.name, isOneToOne: isToOne, isSetofReturn: true },
  }
}

/** By this clients know that `*` does not read the field, and that it cannot be called. */
function fieldSignature(name: string, relation: Relation, context: FunctionContext): Signature {
  const cause = `${name} is a computed field of ${relation.name}: select it there`
  return {
    args: rowArgument(relation, context),
    returns: `{ error: true } & ${quoted(cause)}`,
    setof: null,
  }
}

function rowArgument(relation: Relation | undefined, { types }: FunctionContext): string {
  return `{ "": ${relation === undefined ? 'Json' : types.ofRow(relation)} }`
}

function bracketed(type: string): string {
  return /[|&]/.test(type) && !type.endsWith('}') ? `(${type})` : type
}
