/**
 * Plans OPTIONS: which methods a relation or function takes. All of it is in the snapshot; whether
 * the role may use them is not asked.
 */
import type { Routine } from '../cache/catalog.ts'
import type { Relation } from '../cache/schema-snapshot.ts'
import type { InfoPlan } from './plan.ts'

/** Rule  PostgREST docs: options; v16.2 spec: OptionsSpec */
export function planRelationInfo(relation: Relation): InfoPlan {
  const { canInsert, canUpdate, canDelete, primaryKey } = relation
  const methods = ['OPTIONS', 'GET', 'HEAD']
  if (canInsert) methods.push('POST')
  if (canInsert && canUpdate && primaryKey.length > 0) methods.push('PUT')
  if (canUpdate) methods.push('PATCH')
  if (canDelete) methods.push('DELETE')
  return info(methods)
}

export function planRoutineInfo(routine: Routine): InfoPlan {
  return info(
    routine.volatility === 'volatile' ? ['OPTIONS', 'POST'] : ['OPTIONS', 'GET', 'HEAD', 'POST'],
  )
}

export function planRootInfo(): InfoPlan {
  return info(['OPTIONS', 'GET', 'HEAD'])
}

function info(methods: readonly string[]): InfoPlan {
  return { kind: 'info', allow: methods.join(',') }
}
