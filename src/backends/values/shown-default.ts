/**
 * The default of a column → what the OpenAPI document shows of it: a constant as JSON, an expression
 * of a column of texts as one text, and nothing else. Backends call it while they load, each with
 * its own reading of a text's default.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (Detects default values)
 */
import { isJson } from '../../core/json/is-json.ts'
import { jsonTypeOf } from '../../schema/json-type.ts'

/**
 * Shape  `42` of an integer → `42`; `now()` of a timestamp → `"now()"`; `nextval(…)` of an integer
 *        → null. `textOf` gives JSON of the default of a column of texts, which is looked at again:
 *        what is no JSON is not shown.
 */
export function shownDefault(
  expression: string | null,
  type: string,
  textOf: (expression: string, type: string) => string,
): string | null {
  if (expression === null) return null
  const json = jsonTypeOf(type) === 'string' ? textOf(expression, type) : expression.trim()
  return isJson(json) ? json : null
}
