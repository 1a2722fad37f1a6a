/**
 * Turns a read plan into its one aggregation: the rows of a page, the pipeline that counts all of
 * them where that takes one of its own, and the shape by which the answer is written.
 */
import type { Document } from 'mongodb'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { err, ok } from '../../../core/result.ts'
import type { BodyEncoder, ReadPlan } from '../../../plan/plan.ts'
import { limitOf, offsetOf } from '../../../plan/request-values.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { compileCount } from './compile-mongodb-count.ts'
import { compileRoot } from './compile-read-tree.ts'
import type { CompiledPlan, CompiledRead } from './compiled-read.ts'
import { refuseDeep } from './filter/nesting-limit.ts'
import { notImplemented, refusalOf } from './mongodb-refusal.ts'
import { createCompileContext, placeOf } from './relation-source.ts'

/**
 * Compiles each plan once and forgets it together with the plan, which belongs to one snapshot and
 * one configuration.
 */
export function createMongodbCompiler(): (
  plan: ReadPlan,
  snapshot: SchemaSnapshot,
) => CompiledPlan {
  return oncePerObject(compilePlan)
}

function compilePlan(plan: ReadPlan, snapshot: SchemaSnapshot): CompiledPlan {
  try {
    return ok(compileRead(plan, snapshot))
  } catch (error) {
    return err(refusalOf(error))
  }
}

function compileRead(plan: ReadPlan, snapshot: SchemaSnapshot): CompiledRead {
  const { root } = plan
  const context = createCompileContext(snapshot)
  const place = { ...placeOf(root.relation, context), isFirstStage: true }
  const encoder = encoderOf(plan)
  const rows = compileRoot(root, place, encoder.kind !== 'none', context)
  return {
    database: place.facts.database,
    collection: place.facts.collection,
    pipeline: (request) =>
      limitOf(root.window, request) === 0 ? null : refuseDeep(rows.stages(request)),
    count: compileCount(plan, place, context),
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
