/**
 * Chooses the first acceptable media type that something produces: a handler of the database, or
 * one of ours. Vendored types cannot be overridden, since they carry parameters.
 */
import type { ApiRequest } from '../api/api-request.ts'
import {
  type MediaType,
  parseMediaType,
  printMediaType,
  sameMediaType,
} from '../core/media-type.ts'
import { type QualifiedName, sameName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { EnforcedAt } from '../schema/enforcement.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { BodyEncoder, PlanMedia, ReadNode } from './plan.ts'
import type { PlanOptions } from './plan-options.ts'
import { notSupported } from './refuse-unsupported.ts'

/**
 * What is offered for `relation` and the rows of `root`. A type that the engine cannot produce is
 * passed over for the next one; when nothing is left, it is what the refusal names.
 *
 * Errors  media-type, not-implemented
 * Rule    PostgREST docs: resource_representation, media_type_handlers
 */
export function negotiateMedia(
  request: ApiRequest,
  relation: QualifiedName,
  root: ReadNode<unknown>,
  snapshot: SchemaSnapshot,
  options: PlanOptions,
): Result<PlanMedia, ApiError> {
  const offer: Offer = { relation, isDefaultSelect: selectsStar(root), snapshot, options }
  let missing: EnforcedAt<'plan'> | null = null
  for (const type of request.accept) {
    const choice = produce(type, offer)
    if (choice === null) continue
    if ('lacks' in choice) missing ??= choice.lacks
    else return ok(hasBody(request, options) ? choice : { ...choice, encoder: { kind: 'none' } })
  }
  return err(
    missing === null ? unacceptable(request.accept) : notSupported(missing, snapshot.capabilities),
  )
}

/**
 * Whether the client accepts a media type of the root document; null when it does.
 *
 * Errors  media-type
 */
export function checkInspectMedia(accept: readonly MediaType[]): ApiError | null {
  const isOffered = accept.some(
    ({ kind }) => kind === 'openapi' || kind === 'json' || kind === 'any',
  )
  return isOffered ? null : unacceptable(accept)
}

interface Offer {
  readonly relation: QualifiedName
  /** Handlers of one relation take its rows, so they need all of its columns and nothing else. */
  readonly isDefaultSelect: boolean
  readonly snapshot: SchemaSnapshot
  readonly options: PlanOptions
}

type Choice = PlanMedia | { readonly lacks: EnforcedAt<'plan'> }

function produce(type: MediaType, offer: Offer): Choice | null {
  switch (type.kind) {
    case 'singular':
      return { encoder: { kind: 'singular', stripNulls: type.stripNulls }, type }
    case 'array-stripped':
      return { encoder: { kind: 'json', stripNulls: true }, type }
    case 'plan': {
      if (!offer.options.dbPlanEnabled) return null
      if (lacks(offer, 'planMedia')) return { lacks: 'planMedia' }
      const planned = type.of.kind === 'plan' ? null : produce(type.of, offer)
      return planned === null || 'lacks' in planned ? planned : { ...planned, type }
    }
    default:
      return customHandler(type, offer) ?? builtIn(type, offer)
  }
}

/** The relation's own `*` handler comes before its handler of the type, then those for any rows. */
function customHandler(type: MediaType, offer: Offer): PlanMedia | null {
  const { relation, isDefaultSelect } = offer
  const own = isDefaultSelect
    ? (findHandler({ kind: 'any' }, relation, offer) ?? findHandler(type, relation, offer))
    : null
  return own ?? findHandler(type, null, offer)
}

function findHandler(
  type: MediaType,
  relation: QualifiedName | null,
  { snapshot }: Offer,
): PlanMedia | null {
  const found = snapshot.mediaHandlers.findLast(
    (handler) =>
      (handler.relation === null
        ? relation === null
        : relation !== null && sameName(handler.relation, relation)) &&
      sameMediaType(parseMediaType(handler.mediaType.toLowerCase()), type),
  )
  if (found === undefined) return null
  const produced = parseMediaType(found.mediaType)
  const encoder: BodyEncoder = { kind: 'custom', routine: found.routine, relation: found.relation }
  return { encoder, type: produced.kind === 'any' ? { kind: 'octet-stream' } : produced }
}

function builtIn(type: MediaType, offer: Offer): Choice | null {
  switch (type.kind) {
    case 'any':
    case 'json':
      return { encoder: { kind: 'json', stripNulls: false }, type: { kind: 'json' } }
    case 'csv':
      return lacks(offer, 'csv') ? { lacks: 'csv' } : { encoder: { kind: 'csv' }, type }
    case 'geojson':
      return lacks(offer, 'geojson') ? { lacks: 'geojson' } : { encoder: { kind: 'geojson' }, type }
    default:
      return null
  }
}

function lacks({ snapshot }: Offer, feature: EnforcedAt<'plan'>): boolean {
  return snapshot.capabilities.grades[feature] === 'unsupported'
}

function selectsStar(root: ReadNode<unknown>): boolean {
  const [only] = root.select
  return (
    root.children.length === 0 &&
    root.select.length === 1 &&
    only?.field.name === '*' &&
    only.aggregate === null
  )
}

/**
 * HEAD answers without a body, which is made nevertheless where it is tagged; so does a write that was
 * not asked to return its rows.
 */
function hasBody({ action, preferences }: ApiRequest, { etagEnabled }: PlanOptions): boolean {
  switch (action.kind) {
    case 'read':
      return !action.headersOnly || etagEnabled
    case 'call':
      return action.via !== 'head'
    case 'mutate':
      return preferences.return === 'representation'
    default:
      return true
  }
}

function unacceptable(accept: readonly MediaType[]): ApiError {
  return { kind: 'media-type', accepted: accept.map(printMediaType) }
}
