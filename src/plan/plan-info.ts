/**
 * Plans OPTIONS: which methods a relation or function takes. All of it is in the snapshot; whether
 * the role may use them is not asked.
 */
import type { Capabilities, Feature } from '../schema/capabilities.ts'
import type { Routine } from '../schema/catalog.ts'
import type { Relation } from '../schema/schema-snapshot.ts'
import type { InfoPlan } from './plan.ts'

/**
 * Methods that the engine would have refused are left out.
 *
 * Rule  PostgREST docs: options; v16.2 spec: OptionsSpec
 */
export function planRelationInfo(relation: Relation, { grades }: Capabilities): InfoPlan {
  const { canInsert, canUpdate, canDelete, primaryKey } = relation
  const methods = ['OPTIONS', 'GET', 'HEAD']
  const add = (method: string, feature: Feature, isTaken: boolean) => {
    if (isTaken && grades[feature] !== 'unsupported') methods.push(method)
  }
  add('POST', 'insert', canInsert)
  add('PUT', 'upsert', canInsert && canUpdate && primaryKey.length > 0)
  add('PATCH', 'update', canUpdate)
  add('DELETE', 'delete', canDelete)
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
