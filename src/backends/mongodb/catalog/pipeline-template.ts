/**
 * The pipeline of a registered function, as JSON text → stages with places for arguments. A place is
 * `{"$param": "name"}` and stands for one whole value: in an expression it becomes a literal, as an
 * operand of a query operator the bare value, so that no argument is ever read as an operator or a
 * field's path. Where a value is neither, a place is refused.
 *
 * Rule  MongoDB manual: Aggregation Stages; Query Predicates
 */
import { BSON, type Document } from 'mongodb'
import { err, ok, type Result } from '../../../core/result.ts'

/** How the value at a place is written. */
export type PlaceForm =
  /** `{$literal: value}` */
  | 'expression'
  /** `{$eq: value}`: a field is compared with it. */
  | 'equality'
  /** As it is: what it is given to takes no operators. */
  | 'operand'

/** Stands in a template where a value goes. */
class ParameterPlace {
  readonly name: string
  readonly form: PlaceForm

  constructor(name: string, form: PlaceForm) {
    this.name = name
    this.form = form
  }
}

export interface PipelineTemplate {
  /** With a `ParameterPlace` wherever a value goes. */
  readonly stages: readonly Document[]
  /** The first stage that writes to a collection; null: none does. */
  readonly writingStage: string | null
  /** It brings its own documents (`$documents`). */
  readonly hasDocuments: boolean
  /** A stage names `response.status` or `response.headers`. */
  readonly setsResponse: boolean
}

/** In which language a value is read. */
type Context = 'expression' | 'query' | 'operand' | 'closed'

const writingStages: readonly string[] = ['$out', '$merge']
const refused: readonly string[] = ['$function', '$where', '$accumulator']

/** Arguments of stages that are not expressions, by stage and key; `*` is the stage's own value. */
const stageContexts: Readonly<Record<string, Readonly<Record<string, Context | 'pipeline'>>>> = {
  $match: { '*': 'query' },
  $limit: { '*': 'operand' },
  $skip: { '*': 'operand' },
  $sample: { size: 'operand' },
  $sort: { '*': 'closed' },
  $unset: { '*': 'closed' },
  $count: { '*': 'closed' },
  $lookup: {
    from: 'closed',
    localField: 'closed',
    foreignField: 'closed',
    as: 'closed',
    let: 'expression',
    pipeline: 'pipeline',
  },
  $graphLookup: {
    from: 'closed',
    connectFromField: 'closed',
    connectToField: 'closed',
    as: 'closed',
    depthField: 'closed',
    maxDepth: 'operand',
    restrictSearchWithMatch: 'query',
  },
  $unionWith: { '*': 'closed', coll: 'closed', pipeline: 'pipeline' },
  $facet: { '*': 'pipeline' },
  $unwind: { '*': 'closed' },
  $geoNear: { near: 'operand', query: 'query', minDistance: 'operand', maxDistance: 'operand' },
  $out: { '*': 'closed' },
  $merge: { '*': 'closed', whenMatched: 'pipeline', let: 'expression' },
  $collStats: { '*': 'closed' },
}

/** Query operators whose operand is made of conditions. */
const conditionOperators: readonly string[] = ['$and', '$or', '$nor', '$not', '$elemMatch', '$text']

/** Query operators that take their operand for a value, whatever it is. */
const valueOperators: readonly string[] = [
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$size',
  '$mod',
  '$regex',
  '$options',
  '$search',
  '$bitsAllSet',
  '$bitsAllClear',
  '$bitsAnySet',
  '$bitsAnyClear',
]

/**
 * `isParameter`: whether there is one of that name.
 *
 * Errors  what is wrong with it, in one sentence
 */
export function readPipelineTemplate(
  json: string,
  isParameter: (name: string) => boolean,
): Result<PipelineTemplate, string> {
  const reader = new TemplateReader(isParameter)
  try {
    const parsed: unknown = BSON.EJSON.parse(json, { relaxed: false })
    return ok(reader.read(parsed))
  } catch (error) {
    if (error instanceof TemplateProblem) return err(error.message)
    if (error instanceof BSON.BSONError)
      return err(`the pipeline is no Extended JSON: ${error.message}`)
    throw error
  }
}

class TemplateProblem extends Error {}

class TemplateReader {
  readonly #isParameter: (name: string) => boolean
  #writingStage: string | null = null
  #setsResponse = false

  constructor(isParameter: (name: string) => boolean) {
    this.#isParameter = isParameter
  }

  read(parsed: unknown): PipelineTemplate {
    const stages = listOf(parsed, 'a pipeline').map((stage) => this.#stage(stage))
    return {
      stages,
      writingStage: this.#writingStage,
      hasDocuments: Object.hasOwn(stages[0] ?? {}, '$documents'),
      setsResponse: this.#setsResponse,
    }
  }

  #stage(stage: unknown): Document {
    const [entry, ...others] = isPlainObject(stage) ? Object.entries(stage) : []
    if (entry === undefined || others.length > 0) {
      throw new TemplateProblem('a stage is an object with one key, its name')
    }
    const [name, given] = entry
    if (writingStages.includes(name)) this.#writingStage ??= name
    return { [name]: this.#stageValue(name, given) }
  }

  #stageValue(name: string, given: unknown): unknown {
    const contexts = stageContexts[name] ?? {}
    const own = contexts['*'] ?? 'expression'
    if (own === 'query') return this.#conditions(given, name)
    if (!isPlainObject(given) || isPlace(given)) return this.#argument(given, own, name)
    return mapValues(given, (value, key) => {
      this.#noticeResponse(key, value)
      return this.#argument(value, contexts[key] ?? own, `${name}.${key}`)
    })
  }

  #argument(value: unknown, context: Context | 'pipeline', where: string): unknown {
    if (context === 'query') return this.#conditions(value, where)
    if (context !== 'pipeline') return this.#value(value, context, where)
    if (!Array.isArray(value)) return this.#value(value, 'closed', where)
    return value.map((stage) => this.#stage(stage))
  }

  #value(value: unknown, context: Exclude<Context, 'query'>, where: string): unknown {
    if (isPlace(value)) {
      if (context === 'closed') throw new TemplateProblem(`${where} takes no parameter`)
      return this.#place(value, context, where)
    }
    if (Array.isArray(value)) return value.map((each) => this.#value(each, context, where))
    if (!isPlainObject(value)) return value
    return mapValues(value, (inner, key) => {
      refuseScript(key)
      this.#noticeResponse(key, inner)
      // its operand is no expression
      const isLiteral = context === 'expression' && key === '$literal'
      return this.#value(inner, isLiteral ? 'operand' : context, `${where}.${key}`)
    })
  }

  /** A document of a query: fields with their conditions, and operators. */
  #conditions(value: unknown, where: string): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#conditions(each, where))
    if (!isPlainObject(value) || isPlace(value)) return this.#value(value, 'closed', where)
    return mapValues(value, (inner, key) => {
      refuseScript(key)
      return this.#condition(key, inner, `${where}.${key}`)
    })
  }

  #condition(key: string, value: unknown, where: string): unknown {
    if (key === '$expr') return this.#value(value, 'expression', where)
    if (conditionOperators.includes(key)) return this.#conditions(value, where)
    if (valueOperators.includes(key)) return this.#value(value, 'operand', where)
    if (key.startsWith('$')) return this.#value(value, 'closed', where)
    if (isPlace(value)) return this.#place(value, 'equality', where)
    const hasOperators =
      isPlainObject(value) && Object.keys(value).some((each) => each.startsWith('$'))
    return hasOperators ? this.#conditions(value, where) : this.#value(value, 'operand', where)
  }

  #place(value: Document, form: PlaceForm, where: string): ParameterPlace {
    const name: unknown = value['$param']
    if (typeof name !== 'string' || Object.keys(value).length > 1) {
      throw new TemplateProblem(`${where}: $param stands alone and names a parameter`)
    }
    if (!this.#isParameter(name)) throw new TemplateProblem(`there is no parameter ${name}`)
    return new ParameterPlace(name, form)
  }

  #noticeResponse(key: string, value: unknown): void {
    const names =
      key === 'response' && isPlainObject(value)
        ? Object.keys(value).map((each) => `response.${each}`)
        : [key]
    if (names.some((name) => name === 'response.status' || name === 'response.headers')) {
      this.#setsResponse = true
    }
  }
}

/** The stages with a value at each place. */
export function fillTemplate(
  { stages }: PipelineTemplate,
  argument: (name: string) => unknown,
): Document[] {
  const filled = (value: unknown): unknown => {
    if (value instanceof ParameterPlace) return written(argument(value.name), value.form)
    if (Array.isArray(value)) return value.map(filled)
    return isPlainObject(value) ? mapValues(value, filled) : value
  }
  return stages.map((stage) => mapValues(stage, filled))
}

function mapValues(document: Document, map: (value: unknown, key: string) => unknown): Document {
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, map(value, key)]))
}

function written(value: unknown, form: PlaceForm): unknown {
  switch (form) {
    case 'expression':
      return { $literal: value }
    case 'equality':
      return { $eq: value }
    case 'operand':
      return value
  }
}

/** Scripts would run in the server with whatever the function's text does. */
function refuseScript(key: string): void {
  if (refused.includes(key)) throw new TemplateProblem(`${key} is not allowed`)
}

function isPlace(value: unknown): value is Document {
  return isPlainObject(value) && Object.hasOwn(value, '$param')
}

/** BSON's own classes are values, not documents. */
function isPlainObject(value: unknown): value is Document {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TemplateProblem(`${what} is a list`)
}
