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
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import type { Answer, Header } from '../core/http-exchange.ts'
import { contentTypeOf } from '../core/media-type.ts'
import { runInSlices, type Steps } from '../core/run-in-slices.ts'
import type { InspectPlan } from '../plan/plan.ts'
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

export type Inspected = Extract<Inspection, { readonly kind: 'done' }>

export interface RootRequest {
  readonly plan: InspectPlan
  readonly request: Pick<ApiRequest, 'negotiatedByProfile' | 'schema'>
  readonly snapshot: SchemaSnapshot
  readonly config: OpenapiConfig
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
  for (const key of relations) if (!snapshot.relations.has(key)) return true
  return false
}

/** A document, and all that it was made of beside inspection and snapshot. */
interface Made extends Pick<RootRequest, 'config' | 'host'> {
  readonly schema: string
  readonly document: Promise<Document>
}

interface Document {
  readonly body: Buffer
  readonly length: Header
}

export function createRootHandler(): RootHandler {
  const knownTexts: KnownTexts = new WeakMap()
  const madeOf = new WeakMap<Inspected, WeakMap<SchemaSnapshot, Made>>()
  const textsOf = new WeakMap<SchemaSnapshot, Map<string, Promise<readonly RelationTexts[]>>>()

  function relationTexts(
    snapshot: SchemaSnapshot,
    schema: string,
  ): Promise<readonly RelationTexts[]> {
    const bySchema = textsOf.get(snapshot) ?? new Map()
    textsOf.set(snapshot, bySchema)
    const texts = bySchema.get(schema) ?? sliced(buildRelationTexts(snapshot, schema, knownTexts))
    bySchema.set(schema, texts)
    return texts
  }

  async function makeDocument(
    { plan, snapshot, config, host }: RootRequest,
    { relations, routines, schemaDescription, databaseName }: Inspected,
  ): Promise<Document> {
    const all = await relationTexts(snapshot, plan.schema)
    const text = buildOpenapi(
      {
        relations: relations === null ? all : all.filter(({ key }) => relations.has(key)),
        routinePaths: await sliced(
          buildRoutinePaths(routines ?? routinesOf(snapshot, plan.schema)),
        ),
        schemaDescription,
        databaseName,
        grades: snapshot.capabilities.grades,
        host,
      },
      config,
    )
    const body = Buffer.from(text)
    return { body, length: contentLength(body) }
  }

  function documentOf(root: RootRequest, inspected: Inspected): Promise<Document> {
    const { snapshot, config, host } = root
    const { schema } = root.plan
    const bySnapshot = madeOf.get(inspected) ?? new WeakMap<SchemaSnapshot, Made>()
    madeOf.set(inspected, bySnapshot)
    const made = bySnapshot.get(snapshot)
    if (made?.config === config && made.host === host && made.schema === schema) {
      return made.document
    }
    const document = makeDocument(root, inspected)
    bySnapshot.set(snapshot, { config, host, schema, document })
    return document
  }

  return async (root, inspected) => {
    const { plan, request } = root
    const type: Header = ['Content-Type', contentTypeOf({ kind: 'openapi' })]
    const profile: readonly Header[] = request.negotiatedByProfile
      ? [['Content-Profile', request.schema]]
      : []
    if (plan.headersOnly) return { status: 200, headers: [type, ...profile], body: null }
    const { body, length } = await documentOf(root, inspected)
    return { status: 200, headers: [type, length, ...profile], body }
  }
}

function routinesOf(snapshot: SchemaSnapshot, schema: string) {
  if (snapshot.capabilities.grades.functions === 'unsupported') return []
  return [...snapshot.routines.values()].flat().filter((routine) => routine.schema === schema)
}

function sliced<T>(steps: Steps<T>): Promise<T> {
  return runInSlices(steps, eventLoopSlices)
}
