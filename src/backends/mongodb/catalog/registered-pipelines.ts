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
  type RegisteredParameters,
  type RoutineResult,
  registeredParameters,
  registeredRoutine,
  routineResult,
  writingRefused,
} from '../../registry/registered-routine.ts'
import { requestPartNamed } from '../../registry/request-part-named.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type PipelineTemplate, readPipelineTemplate } from './pipeline-template.ts'

export interface MongodbFunction {
  readonly kind: 'callable'
  readonly database: string
  /** Null: the pipeline brings its own documents. */
  readonly collection: string | null
  readonly template: PipelineTemplate
  readonly parameters: RegisteredParameters
  readonly result: RoutineResult
  /** Of its rows: those of the relation, or its own; null: whatever documents have. */
  readonly columns: readonly Column[] | null
}

export type RegisteredPipeline =
  | MongodbFunction
  | { readonly kind: 'broken'; readonly failure: DatabaseFailure }

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
  const parameters = registeredParameters(definition)
  if (!parameters.ok) return parameters
  const result = routineResult(definition, (name) => relations.some((each) => each.name === name))
  if (!result.ok) return result
  const template = readPipelineTemplate(body.pipelineJson, (name) => {
    return parameters.value.has(name) || requestPartNamed(name) !== null
  })
  if (!template.ok) return err(valueFailure('42601', template.error))
  const { writingStage, hasDocuments } = template.value
  if (writingStage !== null && volatility !== 'volatile') return err(writingRefused(writingStage))
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
    parameters: parameters.value,
    result: result.value,
    columns: resultColumns(result.value, relations),
  })
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
