/**
 * A snapshot as JSON, for `GET /schema_cache` and `--dump-schema`, in the shape and words of
 * PostgREST: maps are lists of [key, value] pairs, sorted; objects have their keys in alphabetical
 * order. Meant for people and their scripts; nothing here reads it back.
 *
 * Rule  PostgREST docs: cli (--dump-schema), admin_server (schema_cache)
 */
import { assertNever } from '../core/assert-never.ts'
import { compareTexts } from '../core/compare-texts.ts'
import { nameOfKey, type QualifiedName } from '../core/qualified-name.ts'
import { runAtOnce } from '../core/run-in-slices.ts'
import type { Column, IsolationLevel, Routine } from '../schema/catalog.ts'
import type { Cardinality, ColumnPair, Relationship } from '../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { dumpMediaHandlers } from './dump-media-handlers.ts'
import { dumpName } from './dump-name.ts'

/** Shape   compact JSON, no line break at the end */
export function dumpSnapshot(snapshot: SchemaSnapshot): string {
  return JSON.stringify({
    dbMediaHandlers: dumpMediaHandlers(snapshot.mediaHandlers),
    dbRelationships: dumpRelationships(snapshot),
    dbRepresentations: dumpRepresentations(snapshot),
    dbRoutines: dumpRoutines(snapshot),
    dbTables: [...snapshot.relations.values()]
      .sort(compareNames)
      .map((relation) => [dumpName(relation), dumpRelation(relation)]),
  })
}

function compareNames(a: QualifiedName, b: QualifiedName): number {
  return compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name)
}

function dumpRelation(relation: Relation): unknown {
  const columns = [...relation.columns.values()].sort((a, b) => compareTexts(a.name, b.name))
  return {
    tableColumns: Object.fromEntries(columns.map((column) => [column.name, dumpColumn(column)])),
    tableDeletable: relation.canDelete,
    tableDescription: relation.description,
    tableInsertable: relation.canInsert,
    tableIsView: relation.isView,
    tableName: relation.name,
    tablePKCols: relation.primaryKey,
    tableSchema: relation.schema,
    tableUpdatable: relation.canUpdate,
  }
}

function dumpColumn(column: Column): unknown {
  return {
    colDefault: column.defaultExpression,
    colDescription: column.description,
    colEnum: column.enumValues,
    colMaxLen: column.maxLength,
    colName: column.name,
    colNominalType: column.nominalType,
    colNullable: column.isNullable,
    colType: column.baseType,
  }
}

/** The key is the origin's name and the schema of the targets; the lists are sorted already. */
function dumpRelationships({ relationships }: SchemaSnapshot): readonly unknown[] {
  return relationships
    .origins()
    .flatMap((key) =>
      [...(runAtOnce(relationships.peekInSteps(key)) ?? [])].map(([schema, list]) => ({
        origin: nameOfKey(key),
        schema,
        list,
      })),
    )
    .sort((a, b) => compareNames(a.origin, b.origin) || compareTexts(a.schema, b.schema))
    .map(({ origin, schema, list }) => [[dumpName(origin), schema], list.map(dumpRelationship)])
}

function dumpRelationship(relationship: Relationship): unknown {
  switch (relationship.kind) {
    case 'computed':
      return {
        relForeignTable: dumpName(relationship.target),
        relFunction: dumpName(relationship.routine),
        relIsSelf: relationship.isSelf,
        relTable: dumpName(relationship.origin),
        relTableAlias: dumpName({ schema: '', name: '' }),
        relToOne: relationship.isToOne,
        tag: 'ComputedRelationship',
      }
    case 'key':
      return {
        relCardinality: dumpCardinality(relationship.cardinality),
        relFTableIsView: relationship.targetIsView,
        relForeignTable: dumpName(relationship.target),
        relIsSelf: relationship.isSelf,
        relTable: dumpName(relationship.origin),
        relTableIsView: relationship.originIsView,
        tag: 'Relationship',
      }
    default:
      return assertNever(relationship)
  }
}

function dumpCardinality(cardinality: Cardinality): unknown {
  const keyed = (columns: readonly ColumnPair[], constraint: string, tag: string) => ({
    relColumns: columns,
    relCons: constraint,
    tag,
  })
  switch (cardinality.kind) {
    case 'one-to-many':
      return keyed(cardinality.columns, cardinality.constraint, 'O2M')
    case 'many-to-one':
      return keyed(cardinality.columns, cardinality.constraint, 'M2O')
    case 'one-to-one':
      return {
        isParent: cardinality.originIsParent,
        ...keyed(cardinality.columns, cardinality.constraint, 'O2O'),
      }
    case 'many-to-many': {
      const { junction } = cardinality
      const contents = {
        junColsSource: junction.originColumns,
        junColsTarget: junction.targetColumns,
        junConstraint1: junction.originConstraint,
        junConstraint2: junction.targetConstraint,
        junTable: dumpName(junction.relation),
      }
      return { contents, tag: 'M2M' }
    }
    default:
      return assertNever(cardinality)
  }
}

function dumpRepresentations({ representations }: SchemaSnapshot): readonly unknown[] {
  return [...representations]
    .flatMap(([, byTarget]) => [...byTarget.values()])
    .sort(
      (a, b) =>
        compareTexts(a.sourceType, b.sourceType) || compareTexts(a.targetType, b.targetType),
    )
    .map(({ sourceType, targetType, routineText }) => [
      [sourceType, targetType],
      { drFunction: routineText, drSourceType: sourceType, drTargetType: targetType },
    ])
}

function dumpRoutines({ routines }: SchemaSnapshot): readonly unknown[] {
  return [...routines.values()]
    .flatMap((overloads) => overloads.slice(0, 1).map((first) => ({ first, overloads })))
    .sort((a, b) => compareNames(a.first, b.first))
    .map(({ first, overloads }) => [dumpName(first), overloads.map(dumpRoutine)])
}

const isolationNames = {
  'read-committed': 'ReadCommitted',
  'repeatable-read': 'RepeatableRead',
  serializable: 'Serializable',
} as const satisfies Record<IsolationLevel, string>

const volatilityNames = {
  volatile: 'Volatile',
  stable: 'Stable',
  immutable: 'Immutable',
} as const satisfies Record<Routine['volatility'], string>

function dumpRoutine(routine: Routine): unknown {
  const { returns, isolationLevel } = routine
  const type = dumpName(returns.type)
  return {
    pdDescription: routine.description,
    pdFuncSettings: routine.settings,
    pdHasVariadic: routine.hasVariadic,
    pdIsoLvl: isolationLevel === null ? null : isolationNames[isolationLevel],
    pdName: routine.name,
    pdParams: routine.parameters.map((parameter) => ({
      ppName: parameter.name,
      ppReq: parameter.isRequired,
      ppType: parameter.type,
      ppTypeMaxLength: parameter.wideType,
      ppVar: parameter.isVariadic,
    })),
    pdReturnType: {
      contents:
        returns.kind === 'composite'
          ? { contents: [type, returns.isCompositeAlias], tag: 'Composite' }
          : { contents: type, tag: 'Scalar' },
      tag: returns.isSet ? 'SetOf' : 'Single',
    },
    pdSchema: routine.schema,
    pdVolatility: volatilityNames[routine.volatility],
  }
}
