/**
 * Answers OPTIONS: which methods a relation or function takes. All of it is in the snapshot, or in
 * what access rules leave a role of it.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Capabilities, Feature } from '../schema/capabilities.ts'
import type { Routine } from '../schema/catalog.ts'
import type { Relation } from '../schema/schema-snapshot.ts'
import type { InfoPlan, InfoSubject } from './plan.ts'

export function planInfo(subject: InfoSubject, capabilities: Capabilities): InfoPlan {
  switch (subject.kind) {
    case 'relation':
      return relationInfo(subject.relation, capabilities)
    case 'routine':
      return routineInfo(subject.routine)
    case 'root':
      return info(['OPTIONS', 'GET', 'HEAD'])
    default:
      return assertNever(subject)
  }
}

/**
 * Methods that the engine would have refused are left out.
 *
 * Rule  PostgREST docs: options; v16.2 spec: OptionsSpec
 */
function relationInfo(relation: Relation, { grades }: Capabilities): InfoPlan {
  const { canInsert, canUpdate, canDelete, primaryKey } = relation
  const mayRead = relation.granted?.has('select') ?? true
  const methods = mayRead ? ['OPTIONS', 'GET', 'HEAD'] : ['OPTIONS']
  const add = (method: string, feature: Feature, isTaken: boolean) => {
    if (isTaken && grades[feature] !== 'unsupported') methods.push(method)
  }
  add('POST', 'insert', canInsert)
  add('PUT', 'upsert', canInsert && canUpdate && primaryKey.length > 0)
  add('PATCH', 'update', canUpdate)
  add('DELETE', 'delete', canDelete)
  return info(methods)
}

function routineInfo(routine: Routine): InfoPlan {
  return info(
    routine.volatility === 'volatile' ? ['OPTIONS', 'POST'] : ['OPTIONS', 'GET', 'HEAD', 'POST'],
  )
}

function info(methods: readonly string[]): InfoPlan {
  return { kind: 'info', allow: methods.join(',') }
}
