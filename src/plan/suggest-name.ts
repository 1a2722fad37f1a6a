/**
 * "Did you mean": the nearest name for an embed or a function that is not there. Names of relations
 * are suggested by the snapshot, which keeps an index; these two are asked for so rarely that
 * theirs are built each time.
 */

import { createFuzzySet, defaultMinScore } from '../core/fuzzy-set.ts'
import { nameKey, nameOfKey, type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import type { Routine } from '../schema/catalog.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'

/**
 * The least similarity at which a function is suggested: a client has to know nearly its whole
 * name.
 */
const minFunctionScore = 0.75

/**
 * The whole hint of PGRST200: another origin when it has no relationships at all, else another
 * target. Null when both are right, which leaves the `!hint` to blame.
 *
 * Rule  v16.2 spec: EmbedDisambiguationSpec, QuerySpec (hints)
 */
export function suggestRelationship(
  snapshot: SchemaSnapshot,
  schema: string,
  origin: string,
  target: string,
): string | null {
  const known = snapshot.relationships.get(nameKey(qualifiedName(schema, origin)))?.get(schema)
  const nearest =
    known === undefined
      ? nearestName(originNames(snapshot, schema), origin, defaultMinScore)
      : nearestName(
          known.map((relationship) => relationship.target.name),
          target,
          defaultMinScore,
        )
  const wrong = known === undefined ? origin : target
  if (nearest === null) return null
  if (known !== undefined && nearest.toLowerCase() === target.toLowerCase()) return null
  return `Perhaps you meant '${nearest}' instead of '${wrong}'.`
}

function originNames(snapshot: SchemaSnapshot, schema: string): readonly string[] {
  return snapshot.relationships.originsRelatedTo(schema).map((key) => nameOfKey(key).name)
}

/**
 * `name`, or `name(a, b)` when the function exists with other parameters. A request that can only
 * mean a single unnamed parameter gets no suggestion from its caller.
 *
 * Rule  v16.2 spec: RpcSpec (unknown function)
 */
export function suggestFunction(
  snapshot: SchemaSnapshot,
  wanted: QualifiedName,
  argumentNames: readonly string[],
): string | null {
  const overloads = snapshot.routines.get(nameKey(wanted)) ?? []
  if (overloads.length === 0) {
    return nearestName(functionNames(snapshot, wanted.schema), wanted.name, minFunctionScore)
  }
  const signatures = overloads.map((routine) => parameterList(parameterNames(routine)))
  const nearest = nearestName(signatures, parameterList(argumentNames), defaultMinScore)
  return nearest === null ? null : `${wanted.name}${nearest}`
}

function functionNames(snapshot: SchemaSnapshot, schema: string): string[] {
  const names: string[] = []
  for (const [routine] of snapshot.routines.values()) {
    if (routine?.schema === schema) names.push(routine.name)
  }
  return names
}

function parameterNames(routine: Routine): string[] {
  return routine.parameters.map((parameter) => parameter.name)
}

function parameterList(names: readonly string[]): string {
  return `(${[...names].sort().join(', ')})`
}

/**
 * Scores compare letter by letter, so a text that is far longer than all names is not even looked
 * at: none could reach the score, and clients may send long ones.
 */
function nearestName(names: readonly string[], wanted: string, minScore: number): string | null {
  const longest = names.reduce((length, name) => Math.max(length, name.length), 0)
  if (wanted.length * minScore > longest * 2) return null
  return createFuzzySet(names).best(wanted, minScore)
}
