/**
 * The text of `function-registry` → definitions, or all that is wrong with it and where. Keys that
 * nobody reads are refused, so that a slip is not a function that does something else.
 */
import {
  type JsonPlace,
  type JsonReader,
  jsonAny,
  jsonBoolean,
  jsonList,
  jsonObject,
  jsonOneOf,
  jsonOneOrMore,
  jsonText,
  jsonThen,
  orElse,
  readStrictJson,
} from '../../core/json/strict-json.ts'
import type { Result } from '../../core/result.ts'
import type {
  FunctionBody,
  FunctionColumn,
  FunctionDefinition,
  FunctionParameter,
  FunctionRegistry,
  FunctionReturns,
} from './function-registry.ts'

/** Errors  every problem, each with its JSON path: `$[0].params[1].type is 1, it should be a text` */
export function readFunctionRegistry(text: string): Result<FunctionRegistry, readonly string[]> {
  return readStrictJson(text, jsonList(definition))
}

const parameter: JsonReader<FunctionParameter> = jsonThen(
  jsonObject({
    name: jsonText,
    type: orElse(jsonText, 'text'),
    optional: orElse<boolean | null>(jsonBoolean, null),
    default: orElse<string | null>(jsonAny, null),
    variadic: orElse(jsonBoolean, false),
    rawBody: orElse(jsonBoolean, false),
  }),
  (given, place) => {
    const { name, type, variadic, rawBody } = given
    if (given.optional === false && given.default !== null) {
      return tell(place, 'has a default, so it is optional')
    }
    if (variadic && rawBody) return tell(place, 'is either variadic or a rawBody')
    return {
      name,
      // that of the whole, whether it was given as that or as that of one argument
      type: variadic && !type.endsWith('[]') ? `${type}[]` : type,
      isRequired: given.optional !== true && given.default === null,
      defaultJson: given.default,
      isVariadic: variadic,
      isRawBody: rawBody,
    }
  },
)

const parameters: JsonReader<readonly FunctionParameter[]> = jsonThen(
  jsonList(parameter),
  (list, place) => {
    for (const [index, { name, isVariadic, isRawBody }] of list.entries()) {
      const own = { ...place, path: `${place.path}[${index}]` }
      if (list.findIndex((other) => other.name === name) !== index) {
        return tell(own, `has the name of another: ${name}`)
      }
      if (isRawBody && list.length > 1) return tell(own, 'is a rawBody, but not the only one')
      if (isVariadic && index < list.length - 1) return tell(own, 'is variadic, but not the last')
    }
    return list
  },
)

const columns: JsonReader<readonly FunctionColumn[]> = jsonThen(
  jsonOneOrMore(
    jsonObject<FunctionColumn>({ name: jsonText, type: orElse<string | null>(jsonText, null) }),
  ),
  (list, place) => {
    const names = list.map(({ name }) => name)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    return twice === undefined ? list : tell(place, `names ${twice} twice`)
  },
)

const returns: JsonReader<FunctionReturns> = jsonThen(
  jsonObject({
    kind: orElse(jsonOneOf(['scalar', 'setof', 'table', 'void', 'object'] as const), 'scalar'),
    type: orElse<string | null>(jsonText, null),
    columns: orElse<readonly FunctionColumn[] | null>(columns, null),
  }),
  (given, place) => {
    const { kind, type } = given
    switch (kind) {
      case 'void':
        if (type !== null || given.columns !== null) {
          return tell(place, 'is void, which has no type and no columns')
        }
        return { kind }
      case 'scalar':
      case 'setof':
        if (given.columns !== null) return tell(place, `is ${kind}, which has no columns`)
        return { kind, type }
      case 'table':
        if (type !== null) return tell(place, 'is a table, which has columns in place of a type')
        if (given.columns === null) return tell(place, 'is a table, which has to have columns')
        return { kind, columns: given.columns }
      case 'object':
        if (type !== null && given.columns !== null) {
          return tell(place, 'has either a type or columns')
        }
        return { kind, type, columns: given.columns }
    }
  },
)

const definition: JsonReader<FunctionDefinition> = jsonThen(
  jsonObject({
    name: jsonText,
    comment: orElse<string | null>(jsonText, null),
    volatility: orElse(jsonOneOf(['volatile', 'stable', 'immutable'] as const), 'volatile'),
    params: orElse<readonly FunctionParameter[]>(parameters, []),
    returns: orElse<FunctionReturns>(returns, { kind: 'scalar', type: null }),
    sql: orElse<readonly string[] | null>(jsonOneOrMore(jsonText), null),
    collection: orElse<string | null>(jsonText, null),
    pipeline: orElse<string | null>(
      jsonThen(jsonList(jsonAny), (stages) => `[${stages.join(',')}]`),
      null,
    ),
  }),
  (given, place) => {
    const { name, comment, volatility } = given
    const body = bodyOf(given, place)
    if (body === undefined) return undefined
    return { name, comment, volatility, parameters: given.params, returns: given.returns, body }
  },
)

function bodyOf(
  given: {
    readonly sql: readonly string[] | null
    readonly collection: string | null
    readonly pipeline: string | null
  },
  place: JsonPlace,
): FunctionBody | undefined {
  const { sql, collection, pipeline } = given
  if (sql !== null && collection === null && pipeline === null) {
    return { kind: 'sql', statements: sql }
  }
  if (sql === null && pipeline !== null) {
    return { kind: 'pipeline', collection, pipelineJson: pipeline }
  }
  return tell(place, 'has to have either sql, or a pipeline, which may be over a collection')
}

function tell(place: JsonPlace, problem: string): undefined {
  place.tell(`${place.path} ${problem}`)
  return undefined
}
