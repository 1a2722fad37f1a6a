/**
 * What a request's transaction begins with: the role, its settings, and what the request looks
 * like, all as settings that end with the transaction. One statement, its values bound. The
 * settings of the role come before the role itself, since they are the connected role's to grant.
 *
 * Rule    PostgREST docs: transactions (Transaction-Scoped Settings)
 */
import type { Config } from '../../config/config.ts'
import type { DatabasePlan, InspectPlan } from '../../plan/plan.ts'
import type { RequestContext } from '../backend.ts'
import { qualified, quoteIdentifier, raw, sql, toStatement } from '../sql/sql-text.ts'
import type { BatchStep } from './postgres-connection.ts'

/** A name written into the text, or one that is data and bound like a value. */
type Setting =
  | { readonly kind: 'constant'; readonly name: string; readonly value: string }
  | { readonly kind: 'named'; readonly name: string; readonly value: string }

/** Shape   `select set_config('search_path', $1, true), set_config('role', $2, true), …` */
export function contextStep(plan: DatabasePlan | InspectPlan, context: RequestContext): BatchStep {
  const params: string[] = []
  const bound = (value: string) => {
    params.push(value)
    return `$${params.length}`
  }
  const calls = listSettings(plan, context).map((setting) => {
    const name = setting.kind === 'constant' ? `'${setting.name}'` : bound(setting.name)
    return `set_config(${name}, ${bound(setting.value)}, true)`
  })
  return {
    text: `select ${calls.join(', ')}`,
    params,
    types: [],
    isPrepared: context.config.dbPreparedStatements,
    keep: 'nothing',
  }
}

function listSettings(
  plan: DatabasePlan | InspectPlan,
  context: RequestContext,
): readonly Setting[] {
  const { config, request, role, snapshot } = context
  const { timezone } = request.preferences
  return [
    constant('search_path', searchPath(request.schema, snapshot.options.extraSearchPath)),
    ...(snapshot.roleSettings.get(role)?.settings ?? []).map(named),
    constant('role', role),
    constant('request.jwt.claims', context.claims),
    constant('request.method', request.method),
    constant('request.path', request.path),
    constant('request.headers', jsonObject(request.headers)),
    constant('request.cookies', jsonObject(request.cookies)),
    ...(timezone === undefined ? [] : [constant('timezone', timezone)]),
    ...(plan.kind === 'call' ? plan.routine.settings : []).map(named),
    ...config.appSettings.map(named),
  ]
}

function constant(name: string, value: string): Setting {
  return { kind: 'constant', name, value }
}

function named([name, value]: readonly [string, string]): Setting {
  return { kind: 'named', name, value }
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
