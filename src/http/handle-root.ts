/**
 * `GET /`: what the snapshot knows of a schema and what its backend says of the role → the OpenAPI
 * document and its headers. What depends on the snapshot alone is made once for it, in slices; of
 * relations that the next one takes over it is kept. The whole is made once for each inspection: a
 * backend gives the same object again while what it says is true.
 *
 * Rule  PostgREST docs: openapi, schemas; v16.2 spec: OpenApiSpec
 */

import type { ApiRequest } from '../api/api-request.ts'
import type { Inspection } from '../backends/backend.ts'
import type { Config, OpenapiVersion } from '../config/config.ts'
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import type { Answer, Header } from '../core/http-exchange.ts'
import { contentTypeOf } from '../core/media-type.ts'
import { oncePerObject } from '../core/once-per-object.ts'
import { nameOfKey } from '../core/qualified-name.ts'
import { runInSlices, type Steps } from '../core/run-in-slices.ts'
import type { InspectPlan } from '../plan/plan.ts'
import { exposes, exposureOf } from '../schema/exposure.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { contentLength } from './answer.ts'
import {
  buildOpenapi,
  buildRelationTexts,
  type KnownTexts,
  type OpenapiConfig,
  type RelationTexts,
} from './openapi/build-openapi.ts'
import { buildRoutinePaths } from './openapi/build-openapi-routine.ts'
import { buildOpenapi31 } from './openapi/build-openapi31.ts'

export type Inspected = Extract<Inspection, { readonly kind: 'done' }>

export interface RootRequest {
  readonly plan: InspectPlan
  readonly request: Pick<ApiRequest, 'accept' | 'negotiatedByProfile' | 'schema'>
  readonly snapshot: SchemaSnapshot
  readonly config: OpenapiConfig & Pick<Config, 'openapiVersion'>
  /** The Host header. */
  readonly host: string | undefined
}

export type RootHandler = (root: RootRequest, inspected: Inspected) => Promise<Answer>

/**
 * Whether the role may see a relation that the snapshot lacks: the snapshot is out of date then.
 */
export function isBehind(
  { plan, snapshot }: Pick<RootRequest, 'plan' | 'snapshot'>,
  { relations }: Inspected,
): boolean {
  if (relations === null || !snapshot.schemas.includes(plan.schema)) return false
  const exposure = exposureOf(snapshot.schemas, snapshot.options)
  for (const key of relations) {
    if (!snapshot.relations.has(key) && exposes(exposure, nameOfKey(key))) return true
  }
  return false
}

/** A document, and all that it was made of beside inspection and snapshot. */
interface Made extends Pick<RootRequest, 'config' | 'host'> {
  readonly schema: string
  readonly document: Promise<Document>
}

/** The last one of each version: clients of both may take turns. */
type MadeByVersion = Map<OpenapiVersion, Made>

interface Document {
  readonly body: Buffer
  readonly length: Header
}

export function createRootHandler(): RootHandler {
  const knownTexts: KnownTexts = new WeakMap()
  const madeOf = oncePerObject((_: Inspected) =>
    oncePerObject((_: SchemaSnapshot): MadeByVersion => new Map()),
  )
  const textsOf = oncePerObject(
    (_: SchemaSnapshot) => new Map<string, Promise<readonly RelationTexts[]>>(),
  )

  function relationTexts(
    snapshot: SchemaSnapshot,
    schema: string,
  ): Promise<readonly RelationTexts[]> {
    const bySchema = textsOf(snapshot)
    const texts = bySchema.get(schema) ?? sliced(buildRelationTexts(snapshot, schema, knownTexts))
    bySchema.set(schema, texts)
    return texts
  }

  async function makeDocument(
    { plan, snapshot, config, host }: RootRequest,
    { relations, routines, schemaDescription, databaseName }: Inspected,
    version: OpenapiVersion,
  ): Promise<Document> {
    const shownRoutines = routines ?? routinesOf(snapshot, plan.schema)
    const about = { schemaDescription, databaseName, host }
    if (version === '3.1') {
      const shown = [...snapshot.relations].filter(
        ([key, { schema }]) => schema === plan.schema && (relations?.has(key) ?? true),
      )
      const parts = {
        ...about,
        snapshot,
        relations: shown.map(([, relation]) => relation),
        routines: shownRoutines,
      }
      return documentOfText(await sliced(buildOpenapi31(parts, config)))
    }
    const all = await relationTexts(snapshot, plan.schema)
    const text = buildOpenapi(
      {
        ...about,
        relations: relations === null ? all : all.filter(({ key }) => relations.has(key)),
        routinePaths: await sliced(buildRoutinePaths(shownRoutines)),
        grades: snapshot.capabilities.grades,
      },
      config,
    )
    return documentOfText(text)
  }

  function documentOf(
    root: RootRequest,
    inspected: Inspected,
    version: OpenapiVersion,
  ): Promise<Document> {
    const { snapshot, config, host } = root
    const { schema } = root.plan
    const byVersion = madeOf(inspected)(snapshot)
    const made = byVersion.get(version)
    const isSame = made?.config === config && made.host === host && made.schema === schema
    if (made !== undefined && isSame) return made.document
    const document = makeDocument(root, inspected, version)
    byVersion.set(version, { config, host, schema, document })
    return document
  }

  return async (root, inspected) => {
    const { plan, request } = root
    const version = askedVersion(request.accept) ?? root.config.openapiVersion
    const isOld = version === '2.0'
    const type: Header = [
      'Content-Type',
      contentTypeOf(isOld ? { kind: 'openapi' } : { kind: 'openapi', version }),
    ]
    const profile: readonly Header[] = request.negotiatedByProfile
      ? [['Content-Profile', request.schema]]
      : []
    if (plan.headersOnly) return { status: 200, headers: [type, ...profile], body: null }
    const { body, length } = await documentOf(root, inspected, version)
    return { status: 200, headers: [type, length, ...profile], body }
  }
}

/** By the type that the client likes best of those that the document has. */
function askedVersion(accept: ApiRequest['accept']): OpenapiVersion | undefined {
  const best = accept.find(({ kind }) => kind === 'openapi' || kind === 'json' || kind === 'any')
  return best?.kind === 'openapi' ? best.version : undefined
}

function documentOfText(text: string): Document {
  const body = Buffer.from(text)
  return { body, length: contentLength(body) }
}

function routinesOf(snapshot: SchemaSnapshot, schema: string) {
  if (snapshot.capabilities.grades.functions === 'unsupported') return []
  return [...snapshot.routines.values()].flat().filter((routine) => routine.schema === schema)
}

function sliced<T>(steps: Steps<T>): Promise<T> {
  return runInSlices(steps, eventLoopSlices)
}
