/**
 * What a plan can see of a request's parts, as texts: equal for those that differ in values only.
 * `parse-request.ts` makes the shape of the whole request of them.
 */
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Action, At, Payload, Window } from './api-request.ts'
import { sized } from './scanner.ts'

export function actionShape(action: Action): string {
  switch (action.kind) {
    case 'read':
      return `${action.headersOnly ? 'head' : 'read'}${nameShape(action.relation)}`
    case 'mutate':
      return `${action.mutation}${nameShape(action.relation)}`
    case 'call':
      return `call-${action.via}${nameShape(action.routine)}`
    case 'inspect':
      return `${action.headersOnly ? 'inspect-head' : 'inspect'}${sized(action.schema)}`
    case 'relation-info':
      return `relation-info${nameShape(action.relation)}`
    case 'routine-info':
      return `routine-info${nameShape(action.routine)}`
    case 'schema-info':
      return 'schema-info'
  }
}

function nameShape(name: QualifiedName): string {
  return ` ${sized(name.schema)}${sized(name.name)}`
}

/** Whether the window bounds, skips or asks for no rows at all: what a plan can see of it. */
export function windowShape({ offset, limit }: Window): string {
  const bound = limit === undefined ? '-' : limit === 0 ? '0' : 'n'
  return `${bound}${offset === 0 ? '-' : 'n'}`
}

export function embedWindowShape({ path, value }: At<Window>): string {
  return `w${path.length}${path.map(sized).join('')}${windowShape(value)}`
}

/** An empty header and an absent one have different shapes. */
export function headerShape(value: string | undefined): string {
  return value === undefined ? '-' : sized(value)
}

export function payloadShape(payload: Payload | undefined, columns: readonly string[]): string {
  if (payload === undefined) return 'none'
  const isArray = payload.kind === 'json' && payload.isArray
  return `${payload.kind}${isArray ? '[]' : ''}${columns.map(sized).join('')}`
}
