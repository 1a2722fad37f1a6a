/**
 * What a request's transaction begins with: the role, its settings, and what the request looks
 * like, all as settings that end with the transaction. One statement, its values bound. The
 * settings of the role come before the role itself, since they are the connected role's to grant.
 *
 * Rule    PostgREST docs: transactions (Transaction-Scoped Settings)
 */
import type { Config } from '../../../config/config.ts'
import type { DatabasePlan, InspectPlan } from '../../../plan/plan.ts'
import type { RequestContext } from '../../backend.ts'
import { qualified, quoteIdentifier, raw, sql, toStatement } from '../../sql/sql-text.ts'
import { postgresFacts } from '../catalog/postgres-facts.ts'
import type { BatchStep } from '../protocol/postgres-connection.ts'

type Pair = readonly [name: string, value: string]

export type ContextStep = (plan: DatabasePlan | InspectPlan, context: RequestContext) => BatchStep

/**
 * Makes the function that makes the statement. Names of settings that are data are bound like their
 * values, so the text depends on how many there are only; each text is made once, since the
 * connections look their prepared statements up by it.
 *
 * Shape   `select set_config('search_path', $1, true), set_config('role', $2, true), …`
 */
export function createContextStep(): ContextStep {
  const texts = new Map<string, string>()

  function textOf(before: number, hasTimezone: boolean, after: number): string {
    const key = `${before} ${hasTimezone} ${after}`
    const known = texts.get(key)
    if (known !== undefined) return known
    const text = contextText(before, hasTimezone, after)
    texts.set(key, text)
    return text
  }

  return (plan, context) => {
    const { config, request, role, snapshot } = context
    const { timezone } = request.preferences
    const before = postgresFacts(snapshot.engineFacts).roles.get(role)?.settings ?? none
    const ofRoutine = plan.kind === 'call' ? plan.routine.settings : none
    const params = [searchPath(request.schema, snapshot.options.dbExtraSearchPath)]
    for (const [name, value] of before) params.push(name, value)
    params.push(
      role,
      context.claims,
      request.method,
      request.path,
      jsonObject(request.headers),
      jsonObject(request.cookies),
    )
    if (timezone !== undefined) params.push(timezone)
    for (const [name, value] of ofRoutine) params.push(name, value)
    for (const [name, value] of config.appSettings) params.push(name, value)
    return {
      text: textOf(
        before.length,
        timezone !== undefined,
        ofRoutine.length + config.appSettings.length,
      ),
      params,
      types: [],
      isPrepared: config.dbPreparedStatements,
      keep: 'nothing',
    }
  }
}

const none: readonly Pair[] = []

/** In the order in which the parameters are bound. */
function contextText(before: number, hasTimezone: boolean, after: number): string {
  let index = 0
  const next = () => `$${++index}`
  const named = () => `set_config(${next()}, ${next()}, true)`
  const constant = (name: string) => `set_config('${name}', ${next()}, true)`
  const calls = [
    constant('search_path'),
    ...Array.from({ length: before }, named),
    constant('role'),
    constant('request.jwt.claims'),
    constant('request.method'),
    constant('request.path'),
    constant('request.headers'),
    constant('request.cookies'),
    ...(hasTimezone ? [constant('timezone')] : []),
    ...Array.from({ length: after }, named),
  ]
  return `select ${calls.join(', ')}`
}

/** Shape   `"api", "public"`; duplicates stay */
function searchPath(schema: string, extra: readonly string[]): string {
  return [schema, ...extra].map(quoteIdentifier).join(', ')
}

function jsonObject(pairs: readonly (readonly [string, string])[]): string {
  return JSON.stringify(Object.fromEntries(pairs))
}

/**
 * The call of `db-pre-request`, `schema.function` or `function` as given.
 *
 * Shape   `select "do_nothing"()`; null when there is none
 */
export function preRequestStep(
  config: Pick<Config, 'dbPreRequest' | 'dbPreparedStatements'>,
): BatchStep | null {
  if (config.dbPreRequest === null) return null
  const at = config.dbPreRequest.indexOf('.')
  const name = {
    schema: at < 0 ? '' : config.dbPreRequest.slice(0, at),
    name: config.dbPreRequest.slice(at + 1),
  }
  const call = sql`select ${qualified(name)}${raw('()')}`
  return {
    text: toStatement(call, (index) => `$${index}`).text,
    params: [],
    types: [],
    isPrepared: config.dbPreparedStatements,
    keep: 'nothing',
  }
}
