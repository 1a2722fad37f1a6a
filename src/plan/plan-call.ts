/**
 * Plans `/rpc/name`: the function meant, how its arguments arrive, and the tree that reads its
 * result as if it were the relation that the result is a row of.
 */
import type { Action, ApiRequest } from '../api/api-request.ts'
import { type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Routine, RoutineParameter } from '../schema/catalog.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { checkPreferences } from './check-preferences.ts'
import { chooseRoutine } from './choose-routine.ts'
import { inferReturning, orderColumns, sortedNames } from './infer-returning.ts'
import { negotiateMedia } from './negotiate-media.ts'
import type { CallArguments, CallPlan, Condition, Unruled } from './plan.ts'
import type { PlanOptions } from './plan-options.ts'
import { planReadTree } from './plan-read.ts'
import { refuseUnsupported } from './refuse-unsupported.ts'

type Via = CallPlan['via']

/**
 * Errors  not-implemented, function-not-found, ambiguous-function, those of the tree, media-type,
 *         invalid-preferences, max-affected-rpc: in this order
 * Rule    PostgREST docs: functions
 */
export function planCall(
  request: ApiRequest,
  name: QualifiedName,
  via: Via,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
): Result<CallPlan<Unruled>, ApiError> {
  const refused = refuseUnsupported(request, snapshot.capabilities)
  if (refused !== null) return err(refused)
  const given = argumentNames(request, via)
  const chosen = chooseRoutine(snapshot, {
    name,
    argumentNames: given,
    contentType: request.contentType,
    isPost: via === 'post',
  })
  if (!chosen.ok) return chosen
  const routine = chosen.value
  const unnamed = singleUnnamed(routine)
  const relation = resultRelation(routine)
  const root = planReadTree(request, relation, snapshot, options, routine.returns.columnTypes)
  if (!root.ok) return root
  const media = negotiateMedia(request, relation, root.value, snapshot, options)
  if (!media.ok) return media
  const invalid = checkPreferences(request.preferences) ?? checkMaxAffected(request, routine)
  if (invalid !== null) return err(invalid)

  return ok({
    kind: 'call',
    routine,
    via,
    isReadOnly: via !== 'post' || routine.volatility !== 'volatile',
    parameters: unnamed === null ? givenParameters(routine, given) : [unnamed],
    arguments: callArguments(request, unnamed, via),
    filterColumns: sortedNames([
      ...root.value.where.flatMap(conditionColumns),
      ...orderColumns(root.value),
    ]),
    returning: inferReturning(root.value, []),
    root: root.value,
    media: media.value,
    count: request.preferences.count ?? null,
    maxRows: options.dbMaxRows,
  })
}

/** What a call of `action` goes through as; OPTIONS is answered for a call by HEAD. */
export function viaOf(action: Extract<Action, { kind: 'call' | 'routine-info' }>): Via {
  return action.kind === 'call' ? action.via : 'head'
}

function argumentNames(request: ApiRequest, via: Via): readonly string[] {
  return sortedNames(via === 'post' ? request.columns : request.callArguments.map(([name]) => name))
}

/** Rows of a composite look like their relation, so that they can embed what it can. */
function resultRelation({ schema, name, returns }: Routine): QualifiedName {
  return qualifiedName(schema, returns.kind === 'composite' ? returns.type.name : name)
}

/** The single unnamed parameter, which is passed by position; null where parameters have names. */
function singleUnnamed({ parameters }: Routine): RoutineParameter | null {
  const [first, ...others] = parameters
  return first !== undefined && others.length === 0 && first.name === '' ? first : null
}

function givenParameters(routine: Routine, given: readonly string[]): readonly RoutineParameter[] {
  return routine.parameters.filter((parameter) => given.includes(parameter.name))
}

function callArguments(
  request: ApiRequest,
  unnamed: RoutineParameter | null,
  via: Via,
): CallArguments {
  if (via !== 'post' || request.contentType.kind === 'form') return { kind: 'direct' }
  return unnamed === null ? { kind: 'json' } : { kind: 'whole-body', parameter: unnamed }
}

function conditionColumns(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'filter':
      return [condition.field.name]
    case 'logic':
      return condition.operands.flatMap(conditionColumns)
    case 'embed-null':
      return []
  }
}

/** Rule  PostgREST docs: preferences (Max Affected) */
function checkMaxAffected({ preferences }: ApiRequest, routine: Routine): ApiError | null {
  const { maxAffected, handling } = preferences
  return maxAffected !== undefined && handling === 'strict' && !routine.returns.isSet
    ? { kind: 'max-affected-rpc' }
    : null
}
