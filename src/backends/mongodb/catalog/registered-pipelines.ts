/**
 * The function registry against one MongoDB schema: its definitions → routines for the catalog, and
 * what the compiler has to know to call each. What cannot be called is kept with its failure, so
 * that it is told by name and answers precisely.
 */
import { qualifiedName } from '../../../core/qualified-name.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { CatalogRelation, Column, Routine, UnusableRoutine } from '../../../schema/catalog.ts'
import type { FunctionDefinition, FunctionRegistry } from '../../registry/function-registry.ts'
import {
  parameterTypes,
  type RoutineResult,
  registeredRoutine,
  routineResult,
} from '../../registry/registered-routine.ts'
import type { RegisteredType } from '../../registry/registered-type.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type PipelineTemplate, readPipelineTemplate } from './pipeline-template.ts'

export interface MongodbFunction {
  readonly kind: 'callable'
  readonly database: string
  /** Null: the pipeline brings its own documents. */
  readonly collection: string | null
  readonly template: PipelineTemplate
  /** By the name that its pipeline knows it by. */
  readonly parameters: ReadonlyMap<string, PipelineParameter>
  readonly result: RoutineResult
  /** Of its rows: those of the relation, or its own; null: whatever documents have. */
  readonly columns: readonly Column[] | null
}

export interface PipelineParameter {
  readonly type: RegisteredType
  /** The body as a whole is the argument. */
  readonly isRawBody: boolean
  /** JSON text; null: a null. */
  readonly defaultJson: string | null
}

export type RegisteredPipeline =
  | MongodbFunction
  | { readonly kind: 'broken'; readonly failure: DatabaseFailure }

/** What a request puts in a place that no parameter has the name of. */
export const requestParts = {
  request_method: 'method',
  request_path: 'path',
  request_role: 'role',
  request_jwt_claims: 'claims',
  request_headers: 'headers',
  request_cookies: 'cookies',
} as const

export interface BuiltPipelines {
  readonly routines: readonly Routine[]
  readonly unusable: readonly UnusableRoutine[]
  /** By the position in the registry, which routines name. */
  readonly functions: readonly RegisteredPipeline[]
}

/** `database`: the one that functions are called in, the first that is exposed. */
export function buildPipelines(
  registry: FunctionRegistry,
  database: string,
  relations: readonly CatalogRelation[],
): BuiltPipelines {
  const own = relations.filter(({ schema }) => schema === database)
  const built = registry.map((definition, index) => {
    const made = buildPipeline(definition, database, own)
    const [result, columns] = made.ok ? [made.value.result, made.value.columns ?? []] : [null, []]
    const routine = registeredRoutine(definition, result, columns, database)
    return { routine: { ...routine, definition: index }, made }
  })
  return {
    routines: built.map(({ routine }) => routine),
    unusable: built.flatMap(({ routine: { name }, made }) =>
      made.ok ? [] : [{ ...qualifiedName(database, name), cause: made.error.message }],
    ),
    functions: built.map(({ made }) =>
      made.ok ? made.value : { kind: 'broken', failure: made.error },
    ),
  }
}

function buildPipeline(
  definition: FunctionDefinition,
  database: string,
  relations: readonly CatalogRelation[],
): Result<MongodbFunction, DatabaseFailure> {
  const { body, volatility } = definition
  if (body.kind !== 'pipeline') {
    return err(valueFailure('0A000', 'a function is a pipeline here, not SQL'))
  }
  const types = parameterTypes(definition)
  if (!types.ok) return types
  const result = routineResult(definition, (name) => relations.some((each) => each.name === name))
  if (!result.ok) return result
  const template = readPipelineTemplate(body.pipelineJson, (name) => {
    return types.value.has(name) || Object.hasOwn(requestParts, name)
  })
  if (!template.ok) return err(valueFailure('42601', template.error))
  const { writingStage, hasDocuments } = template.value
  if (writingStage !== null && volatility !== 'volatile') return err(writes(writingStage))
  if ((body.collection === null) !== hasDocuments) {
    const which = hasDocuments ? 'both' : 'neither'
    return err(
      valueFailure(
        '42601',
        `a pipeline begins with $documents, or is over a collection: this is ${which}`,
      ),
    )
  }
  return ok({
    kind: 'callable',
    database,
    collection: body.collection,
    template: template.value,
    parameters: new Map(
      definition.parameters.flatMap(({ name, defaultJson, isRawBody }) => {
        const type = types.value.get(name)
        return type === undefined ? [] : [[name, { type, defaultJson, isRawBody }] as const]
      }),
    ),
    result: result.value,
    columns: resultColumns(result.value, relations),
  })
}

/** As PostgreSQL says it of a function that is declared not to write. */
export function writes(stage: string): DatabaseFailure {
  return valueFailure('25006', `cannot execute ${stage} in a read-only transaction`)
}

function resultColumns(
  result: RoutineResult,
  relations: readonly CatalogRelation[],
): readonly Column[] | null {
  switch (result.kind) {
    case 'void':
      return []
    case 'scalar':
      return [result.column]
    case 'columns':
      return result.columns
    case 'relation':
      return relations.find(({ name }) => name === result.relation)?.columns ?? []
  }
}
