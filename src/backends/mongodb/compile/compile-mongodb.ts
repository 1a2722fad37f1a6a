/**
 * Turns a read plan into its one aggregation: the rows of a page, the pipeline that counts all of
 * them where that takes one of its own, and the shape by which the answer is written.
 */
import type { Document } from 'mongodb'
import { err, ok } from '../../../core/result.ts'
import type { BodyEncoder, ReadPlan } from '../../../plan/plan.ts'
import { limitOf, offsetOf } from '../../../plan/request-values.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { compileCount } from './compile-mongodb-count.ts'
import { compileRoot } from './compile-read-tree.ts'
import type { CompiledPlan, CompiledRead, Stages } from './compiled-read.ts'
import type { FieldPlace } from './field-place.ts'
import { refuseDeep } from './filter/nesting-limit.ts'
import { notImplemented, refusalOf } from './mongodb-refusal.ts'
import { noStages, sequence } from './pipeline-stages.ts'
import { type CompileContext, createCompileContext, placeOf } from './relation-source.ts'

/**
 * Compiles each plan once and forgets it together with the plan, which belongs to one snapshot and
 * one configuration.
 */
export function createMongodbCompiler(): (
  plan: ReadPlan,
  snapshot: SchemaSnapshot,
) => CompiledPlan {
  const compiled = new WeakMap<ReadPlan, CompiledPlan>()
  return (plan, snapshot) => {
    const known = compiled.get(plan)
    if (known !== undefined) return known
    const fresh = compilePlan(plan, snapshot)
    compiled.set(plan, fresh)
    return fresh
  }
}

function compilePlan(plan: ReadPlan, snapshot: SchemaSnapshot): CompiledPlan {
  try {
    return ok(compileRead(plan, snapshot))
  } catch (error) {
    return err(refusalOf(error))
  }
}

function compileRead(plan: ReadPlan, snapshot: SchemaSnapshot): CompiledRead {
  const context = createCompileContext(snapshot)
  const place = placeOf(plan.relation, context)
  const { database, collection } = place.facts
  const source = { place: { ...place, isFirstStage: true }, before: noStages }
  return { database, collection, ...compileOver(plan, source, context) }
}

/** Where the documents come from that a plan reads. */
interface ReadSource {
  /** The documents as they come. */
  readonly place: FieldPlace
  /** The stages that give them; none of a relation's own. */
  readonly before: Stages
}

function compileOver(
  plan: ReadPlan,
  { place, before }: ReadSource,
  context: CompileContext,
): Omit<CompiledRead, 'database' | 'collection'> {
  const { root } = plan
  const encoder = encoderOf(plan)
  const rows = compileRoot(root, place, encoder.kind !== 'none', context)
  const stages = sequence(before, rows.stages)
  const count = compileCount(plan, place, context)
  return {
    pipeline: (request) =>
      limitOf(root.window, request) === 0 ? null : refuseDeep(stages(request)),
    count: count === null ? null : sequence(before, count),
    shape: rows.row,
    encoder,
    whenEmpty: (request): Document | null => {
      const isHidden = limitOf(root.window, request) === 0 || offsetOf(root.window, request) > 0
      return isHidden ? null : rows.ofNothing
    },
  }
}

/** Throws  CompileRefusal: media that are functions of PostgreSQL */
export function encoderOf({
  headersOnly,
  media,
}: Pick<ReadPlan, 'headersOnly' | 'media'>): BodyEncoder {
  if (headersOnly) return { kind: 'none' }
  const { encoder } = media
  if (encoder.kind === 'geojson') return notImplemented('application/geo+json')
  if (encoder.kind === 'custom') return notImplemented('custom media types')
  return encoder
}
