/**
 * Turns what came over the wire into an ApiRequest: what the client asked for, nothing resolved.
 * First stage after authentication; plan/plan-request.ts comes next. The order of the checks is
 * visible on the wire, so it is fixed here: resource, profile, action, query, windows, payload.
 *
 * Rule  PostgREST docs: url_grammar, schemas, tables_views, functions
 */
import type { Config } from '../config/config.ts'
import { type MediaType, parseMediaType } from '../core/media-type.ts'
import { type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import { runAtOnce, type Steps } from '../core/run-in-slices.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Action, ApiRequest, At, Preferences, Window } from './api-request.ts'
import { missingOperator } from './missing-operator.ts'
import { parseAccept } from './parse-accept.ts'
import { type PayloadAndColumns, type PayloadUse, parsePayload } from './parse-payload.ts'
import { parsePrefer, preferenceShape } from './parse-prefer.ts'
import { type ParsedQuery, parseQuery } from './parse-query.ts'
import { embedWindows, rootWindow } from './parse-range.ts'
import { canonicalQuery, decodeSegment, parseQueryPairs } from './query-string.ts'
import { type RequestHeaders, readHeaders } from './request-headers.ts'
import {
  actionShape,
  embedWindowShape,
  headerShape,
  payloadShape,
  windowShape,
} from './request-shape.ts'
import { sized } from './scanner.ts'
import { SyntaxFailure } from './syntax-failure.ts'

/** All of a request but its body. */
export interface RequestHead {
  readonly method: string
  /** As sent: undecoded, without the query. */
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
  /** Names in lower case, one entry a line, in order. */
  readonly headers: readonly (readonly [string, string])[]
}

export interface RawRequest extends RequestHead {
  readonly body: Uint8Array
}

/** The first line of that name, in lower case. */
export function firstHeader({ headers }: Pick<RequestHead, 'headers'>, name: string) {
  return headers.find(([key]) => key === name)?.[1]
}

export interface ParseConfig
  extends Pick<Config, 'dbSchemas' | 'dbRootSpec' | 'openapiMode' | 'dbTxEnd'> {
  /** Names that stand for an exposed schema. */
  readonly schemaAliases?: ReadonlyMap<string, string>
}

type Parsing = Steps<Result<ApiRequest, ApiError>>

type Resource =
  | { readonly kind: 'relation'; readonly name: string }
  | { readonly kind: 'routine'; readonly name: string }
  | { readonly kind: 'schema' }

/** `schema.function` or `function`: the name alone; the schema is the request's. */
function rootRoutine(spec: string): string {
  const dot = spec.indexOf('.')
  return dot < 0 ? spec : spec.slice(dot + 1)
}

function resourceOf(path: string, config: ParseConfig): Result<Resource, ApiError> {
  const segments = path === '' || path === '/' ? [] : path.replace(/^\//, '').split('/')
  const [first, second] = segments.map(decodeSegment)
  if (first === undefined) {
    if (config.openapiMode === 'disabled') return err({ kind: 'openapi-disabled' })
    if (config.dbRootSpec === null) return ok({ kind: 'schema' })
    return ok({ kind: 'routine', name: rootRoutine(config.dbRootSpec) })
  }
  if (second === undefined) return ok({ kind: 'relation', name: first })
  if (first !== 'rpc' || segments.length > 2) return err({ kind: 'invalid-path' })
  return ok({ kind: 'routine', name: second })
}

interface Profile {
  readonly schema: string
  readonly negotiated: boolean
}

const writingMethods: ReadonlySet<string> = new Set(['POST', 'PATCH', 'PUT', 'DELETE'])

function profileOf(
  method: string,
  headers: RequestHeaders,
  { dbSchemas: exposed, schemaAliases }: Pick<ParseConfig, 'dbSchemas' | 'schemaAliases'>,
): Result<Profile, ApiError> {
  const asked = writingMethods.has(method) ? headers.contentProfile : headers.acceptProfile
  if (asked === undefined) {
    return ok({ schema: exposed[0] ?? '', negotiated: exposed.length !== 1 })
  }
  const schema = schemaAliases?.get(asked) ?? asked
  return exposed.includes(schema)
    ? ok({ schema, negotiated: true })
    : err({ kind: 'unacceptable-schema', schema: asked, exposed })
}

function relationAction(method: string, relation: QualifiedName): Result<Action, ApiError> {
  switch (method) {
    case 'GET':
      return ok({ kind: 'read', relation, headersOnly: false })
    case 'HEAD':
      return ok({ kind: 'read', relation, headersOnly: true })
    case 'POST':
      return ok({ kind: 'mutate', relation, mutation: 'insert' })
    case 'PUT':
      return ok({ kind: 'mutate', relation, mutation: 'upsert' })
    case 'PATCH':
      return ok({ kind: 'mutate', relation, mutation: 'update' })
    case 'DELETE':
      return ok({ kind: 'mutate', relation, mutation: 'delete' })
    case 'OPTIONS':
      return ok({ kind: 'relation-info', relation })
    default:
      return err({ kind: 'unsupported-method', method })
  }
}

function routineAction(method: string, routine: QualifiedName): Result<Action, ApiError> {
  switch (method) {
    case 'GET':
      return ok({ kind: 'call', routine, via: 'get' })
    case 'HEAD':
      return ok({ kind: 'call', routine, via: 'head' })
    case 'POST':
      return ok({ kind: 'call', routine, via: 'post' })
    case 'OPTIONS':
      return ok({ kind: 'routine-info', routine })
    default:
      return err({ kind: 'invalid-rpc-method', method })
  }
}

function schemaAction(method: string, schema: string): Result<Action, ApiError> {
  switch (method) {
    case 'GET':
      return ok({ kind: 'inspect', schema, headersOnly: false })
    case 'HEAD':
      return ok({ kind: 'inspect', schema, headersOnly: true })
    case 'OPTIONS':
      return ok({ kind: 'schema-info' })
    default:
      return err({ kind: 'unsupported-method', method })
  }
}

function actionOf(resource: Resource, method: string, schema: string): Result<Action, ApiError> {
  switch (resource.kind) {
    case 'relation':
      return relationAction(method, qualifiedName(schema, resource.name))
    case 'routine':
      return routineAction(method, qualifiedName(schema, resource.name))
    case 'schema':
      return schemaAction(method, schema)
  }
}

/** What the body is used for; null: it is not read. */
function payloadUse(action: Action): PayloadUse | null {
  if (action.kind === 'call') return action.via === 'post' ? 'call' : null
  return action.kind === 'mutate' && action.mutation !== 'delete' ? action.mutation : null
}

function windowsOf(action: Action, query: ParsedQuery): Result<readonly At<Window>[], ApiError> {
  // Writes and OPTIONS answer no windowed embeds.
  const isWindowed = action.kind === 'read' || action.kind === 'call'
  return isWindowed && query.windows.size > 0 ? embedWindows(query.windows) : ok([])
}

/** All that a request says but for its body and the headers that only travel on. */
export interface ParsedHead {
  readonly action: Action
  readonly profile: Profile
  readonly query: ParsedQuery
  readonly canonicalQuery: string
  readonly window: Window
  readonly embedWindows: Result<readonly At<Window>[], ApiError>
  readonly contentType: MediaType
  readonly accept: readonly MediaType[]
  readonly preferences: Preferences
  /** Before and behind that of the payload. */
  readonly shapes: readonly [before: string, behind: string]
  /** Where there is no payload. */
  readonly shapeKey: string
}

/** Heads that were parsed before with the same configuration, by their text. */
export interface KnownHeads {
  get(text: string): ParsedHead | undefined
  set(text: string, head: ParsedHead): void
}

/** Equal where `parseHead` finds the same. */
function headText({ method, path, query }: RequestHead, headers: RequestHeaders): string {
  const { accept, contentType, range, acceptProfile, contentProfile, prefer } = headers
  const profiles = `${headerShape(acceptProfile)}${headerShape(contentProfile)}`
  const types = `${headerShape(accept)}${headerShape(contentType)}`
  const preferences = prefer.length === 0 ? '' : prefer.map(sized).join('')
  return `${types}${profiles}${headerShape(range)}${preferences} ${method} ${path}?${query}`
}

function headOf(
  raw: RawRequest,
  headers: RequestHeaders,
  config: ParseConfig,
  known: KnownHeads | undefined,
): Result<ParsedHead, ApiError> {
  if (known === undefined) return parseHead(raw, headers, config)
  const text = headText(raw, headers)
  const before = known.get(text)
  if (before !== undefined) return ok(before)
  const head = parseHead(raw, headers, config)
  if (head.ok) known.set(text, head.value)
  return head
}

function parseHead(
  { method, path, query: queryText }: RawRequest,
  headers: RequestHeaders,
  config: ParseConfig,
): Result<ParsedHead, ApiError> {
  const resource = resourceOf(path, config)
  if (!resource.ok) return resource
  const profile = profileOf(method, headers, config)
  if (!profile.ok) return profile
  const found = actionOf(resource.value, method, profile.value.schema)
  if (!found.ok) return found
  const action = found.value

  const pairs = parseQueryPairs(queryText)
  if (pairs === null) {
    return err({ kind: 'malformed-request', details: 'The query string is not valid UTF-8' })
  }
  const hasArguments = action.kind === 'call' && action.via !== 'post'
  const parsedQuery = caught(() => ok(parseQuery(pairs, hasArguments)), action)
  if (!parsedQuery.ok) return parsedQuery
  const query = parsedQuery.value
  const window = rootWindow(method, query.windows, headers.range)
  if (!window.ok) return window

  const embedWindows = caught(() => windowsOf(action, query), null)
  const preferences = parsePrefer(headers.prefer, config.dbTxEnd.endsWith('-allow-override'))
  const windows = embedWindows.ok ? embedWindows.value.map(embedWindowShape).join('') : ''
  const before = [actionShape(action), query.shape, `${windowShape(window.value)}${windows}`]
  const behind = [
    preferenceShape(preferences),
    `${headerShape(headers.accept)}${headerShape(headers.contentType)}`,
  ]
  return ok({
    action,
    profile: profile.value,
    query,
    canonicalQuery: canonicalQuery(pairs),
    window: window.value,
    embedWindows,
    contentType: parseMediaType(headers.contentType ?? 'application/json'),
    accept: parseAccept(headers.accept),
    preferences,
    shapes: [before.join('\n'), behind.join('\n')],
    shapeKey: [...before, payloadShape(undefined, []), ...behind].join('\n'),
  })
}

function* parseWhole(raw: RawRequest, config: ParseConfig, known: KnownHeads | undefined): Parsing {
  const headers = readHeaders(raw.headers)
  const parsedHead = headOf(raw, headers, config, known)
  if (!parsedHead.ok) return parsedHead
  const head = parsedHead.value
  const { action, profile, query, contentType, embedWindows, shapes } = head
  const use = payloadUse(action)
  const parsed: Result<Partial<PayloadAndColumns>, ApiError> = use === null
    ? ok({})
    : yield* parsePayload(raw.body, contentType, use, query.columns)
  if (!parsed.ok) return parsed
  const { payload, columns = [] } = parsed.value
  if (!embedWindows.ok) return embedWindows

  const [before, behind] = shapes
  return ok({
    action,
    method: raw.method,
    path: raw.path,
    schema: profile.schema,
    negotiatedByProfile: profile.negotiated,
    select: query.select,
    filters: query.filters,
    logic: query.logic,
    order: query.order,
    window: head.window,
    embedWindows: embedWindows.value,
    ...(query.onConflict === undefined ? {} : { onConflict: query.onConflict }),
    columns,
    callArguments: query.callArguments,
    ...(payload === undefined ? {} : { payload }),
    preferences: head.preferences,
    accept: head.accept,
    contentType,
    headers: headers.all,
    cookies: headers.cookies,
    canonicalQuery: head.canonicalQuery,
    values: query.values,
    shapeKey:
      payload === undefined && columns.length === 0
        ? head.shapeKey
        : `${before}\n${payloadShape(payload, columns)}\n${behind}`,
  })
}

/**
 * Errors  openapi-disabled, invalid-path, unacceptable-schema, unsupported-method,
 *         invalid-rpc-method, malformed-request, query-syntax, invalid-range, put-limit,
 *         invalid-body, too-complex, database (negative bounds of an embed's window)
 */
export function parseRequest(raw: RawRequest, config: ParseConfig): Result<ApiRequest, ApiError> {
  return runAtOnce(parseRequestInSteps(raw, config))
}

/**
 * The same in steps, for requests with large bodies.
 *
 * @param known heads that were parsed with this configuration, and are not parsed again
 */
export function* parseRequestInSteps(
  raw: RawRequest,
  config: ParseConfig,
  known?: KnownHeads,
): Parsing {
  try {
    return yield* parseWhole(raw, config, known)
  } catch (failure) {
    return err(syntaxError(failure, null))
  }
}

/** What the grammar throws, as a value. */
function caught<T>(parse: () => Result<T, ApiError>, action: Action | null): Result<T, ApiError> {
  try {
    return parse()
  } catch (failure) {
    return err(syntaxError(failure, action))
  }
}

/**
 * `action`: null where it is no filter that cannot be read.
 *
 * Throws  whatever else was thrown
 */
function syntaxError(failure: unknown, action: Action | null): ApiError {
  if (!(failure instanceof SyntaxFailure)) throw failure
  const { message, details, filter } = failure
  const isOnRelation = action?.kind === 'read' || action?.kind === 'mutate'
  const unread =
    filter === undefined || !isOnRelation ? null : missingOperator(filter, action.relation)
  return { kind: 'query-syntax', message, details, ...(unread === null ? {} : { unread }) }
}
