/**
 * Pieces of pipelines that every part of the compiler puts together.
 */
import { type Document, Long } from 'mongodb'
import type { PlanWindow } from '../../../plan/plan.ts'
import { limitOf, offsetOf } from '../../../plan/request-values.ts'
import type { Bound, Stages } from './compiled-read.ts'

/** The name that documents as they are stored go by, beside names of ours. */
export const documentKey = 'd'

/** From here on the stored document is one field, and ours are beside it. */
export const wrap: Document = { $replaceWith: { [documentKey]: '$$ROOT' } }

/** Keeps no document: a stage that limits to none is an error. */
const keepNone: Document = { $match: { $nor: [{}] } }

/** Documents without a field: how many there are is all that is asked. */
export const projectNothing: Document = { $project: { _id: 1 } }

export const noStages: Stages = () => []

export function always(...stages: readonly Document[]): Stages {
  return stages.length === 0 ? noStages : () => stages
}

export function sequence(...parts: readonly Stages[]): Stages {
  const used = parts.filter((part) => part !== noStages)
  const [only] = used
  if (only === undefined) return noStages
  return used.length === 1 ? only : (request) => used.flatMap((part) => part(request))
}

/** One `$match` of all conditions. */
export function matching(conditions: readonly Bound<Document>[]): Stages {
  const [only] = conditions
  if (only === undefined) return noStages
  if (conditions.length === 1) return (request) => [{ $match: only(request) }]
  return (request) => [{ $match: { $and: conditions.map((each) => each(request)) } }]
}

/** `$skip` and `$limit`, as the request and `db-max-rows` have them. */
export function windowStages(window: PlanWindow): Stages {
  if (!window.hasLimit && !window.hasOffset && window.maxRows === null) return noStages
  return (request) => {
    const offset = offsetOf(window, request)
    const limit = limitOf(window, request)
    if (limit === 0) return [keepNone]
    return [
      ...(offset === 0 ? [] : [{ $skip: Long.fromNumber(offset) }]),
      ...(limit === null ? [] : [{ $limit: Long.fromNumber(limit) }]),
    ]
  }
}
