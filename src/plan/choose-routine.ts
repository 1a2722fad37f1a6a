/**
 * Chooses the function that `/rpc/name` means, by name and by the names of the arguments; functions
 * may be overloaded. A POST may instead mean a function whose single parameter has no name and
 * takes the whole body.
 */

import { type MediaType, printMediaType } from '../core/media-type.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Routine } from '../schema/catalog.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { noticeJsonAsForm } from './notice-slips.ts'
import { suggestFunction } from './suggest-name.ts'

export interface WantedRoutine {
  readonly name: QualifiedName
  /** Names of the arguments given, each once, sorted. */
  readonly argumentNames: readonly string[]
  readonly contentType: MediaType
  readonly isPost: boolean
}

/**
 * Errors  function-not-found, ambiguous-function
 * Rule    PostgREST docs: functions (Overloaded Functions, Functions with a single unnamed parameter)
 */
export function chooseRoutine(
  snapshot: SchemaSnapshot,
  wanted: WantedRoutine,
): Result<Routine, ApiError> {
  const overloads = snapshot.routines.get(nameKey(wanted.name)) ?? []
  const byNames = overloads.filter((routine) => takesArguments(routine, wanted))
  const candidates =
    byNames.length > 0 ? byNames : overloads.filter((routine) => takesBody(routine, wanted))
  const [first, ...others] = candidates
  if (first === undefined) return err(notFound(snapshot, wanted))
  if (others.length > 0) {
    return err({ kind: 'ambiguous-function', signatures: candidates.map(signature) })
  }
  return ok(first)
}

/** Every required parameter is given, and nothing that the function does not know. */
function takesArguments(routine: Routine, wanted: WantedRoutine): boolean {
  const { parameters } = routine
  if (parameters.length === 0) {
    return wanted.argumentNames.length === 0 && !(wanted.isPost && isRawBody(wanted.contentType))
  }
  const given = new Set(wanted.argumentNames)
  const known = new Set(parameters.map((parameter) => parameter.name))
  return (
    wanted.argumentNames.every((name) => known.has(name)) &&
    parameters.every((parameter) => !parameter.isRequired || given.has(parameter.name))
  )
}

function takesBody({ wholeBody }: Routine, { contentType, isPost }: WantedRoutine): boolean {
  return isPost && wholeBody === contentType.kind
}

/** Bodies that can be nothing but a single unnamed parameter. */
function isRawBody({ kind }: MediaType): boolean {
  return kind === 'text' || kind === 'xml' || kind === 'octet-stream'
}

function notFound(snapshot: SchemaSnapshot, wanted: WantedRoutine): ApiError {
  const { name, argumentNames, contentType, isPost } = wanted
  return {
    kind: 'function-not-found',
    schema: name.schema,
    name: name.name,
    argumentNames,
    contentType: printMediaType(contentType),
    isPost,
    suggestion:
      isPost && isRawBody(contentType) ? null : suggestFunction(snapshot, name, argumentNames),
    ...noticeJsonAsForm(contentType, argumentNames),
  }
}

function signature({ schema, name, parameters }: Routine): string {
  const list = parameters.map((parameter) => `${parameter.name} => ${parameter.type}`).join(', ')
  return `${schema}.${name}(${list})`
}
