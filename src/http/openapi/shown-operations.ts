/**
 * What the document shows of a relation and of overloaded functions, whatever its version: the
 * operations that a relation takes, as its role and its engine let it, and one function a name.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec
 */
import { compareTexts } from '../../core/compare-texts.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import type { Capabilities } from '../../schema/capabilities.ts'
import type { Routine } from '../../schema/catalog.ts'
import { compareRoutines } from '../../schema/compare-routines.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'

export type ShownOperation = 'select' | 'insert' | 'update' | 'delete'

/** A relation that takes one kind of write is shown with all, as PostgREST does. */
export function shownOperations(
  { canInsert, canUpdate, canDelete, granted }: Relation,
  grades: Capabilities['grades'],
): ReadonlySet<ShownOperation> {
  const isGranted = (operation: ShownOperation) => granted?.has(operation) ?? true
  const isWritable = canInsert || canUpdate || canDelete
  const writes = (['insert', 'update', 'delete'] as const).filter(
    (write) => isWritable && isGranted(write) && grades[write] !== 'unsupported',
  )
  return new Set<ShownOperation>(isGranted('select') ? ['select', ...writes] : writes)
}

/** Of overloads that with the most parameters, since a path can be described once; by name. */
export function* shownRoutines(routines: readonly Routine[]): Steps<readonly Routine[]> {
  const shown = new Map<string, Routine>()
  for (const routine of routines) {
    const other = shown.get(routine.name)
    if (other === undefined || compareRoutines(other, routine) < 0) shown.set(routine.name, routine)
    yield
  }
  return [...shown.values()].sort((a, b) => compareTexts(a.name, b.name))
}
