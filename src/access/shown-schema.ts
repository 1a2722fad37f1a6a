/**
 * A snapshot as a role may see it: relations that it is granted something of, with those columns and
 * the writes that it may do; functions that it may call. What the root document and OPTIONS are made
 * of.
 */
import { nameKey } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import { runAtOnce } from '../core/run-in-slices.ts'
import type { InfoSubject } from '../plan/plan.ts'
import type { RelationshipsBySchema } from '../schema/relationships/derive-relationships.ts'
import type { SnapshotRelationships } from '../schema/relationships/snapshot-relationships.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import {
  type GrantedColumns,
  isNone,
  type RelationAccess,
  type RoleAccess,
} from './access-rules.ts'
import type { Forbidden } from './permission-denied.ts'
import type { AccessAction } from './policy-registry.ts'

/** Errors  what the role has nothing to do with */
export function shownSubject(
  subject: InfoSubject,
  access: RoleAccess,
): Result<InfoSubject, Forbidden> {
  switch (subject.kind) {
    case 'relation': {
      const { relation } = subject
      const found = access.relation(relation)
      if (found === null)
        return err({ kind: relation.isView ? 'view' : 'table', name: relation.name })
      return ok({ kind: 'relation', relation: shownRelation(found) })
    }
    case 'routine': {
      const { routine } = subject
      return access.mayCall(routine) ? ok(subject) : err({ kind: 'function', name: routine.name })
    }
    case 'root':
      return ok(subject)
  }
}

export function shownSchema(snapshot: SchemaSnapshot, access: RoleAccess): SchemaSnapshot {
  const relations = new Map(
    [...snapshot.relations].flatMap(([key, relation]) => {
      const found = access.relation(relation)
      return found === null ? [] : [[key, shownRelation(found)] as const]
    }),
  )
  const relationships = shownRelationships(snapshot.relationships, relations)
  const routines = new Map(
    [...snapshot.routines].flatMap(([key, overloads]) => {
      const shown = overloads.filter((routine) => access.mayCall(routine))
      return shown.length === 0 ? [] : [[key, shown] as const]
    }),
  )
  return Object.freeze({ ...snapshot, relations, relationships, routines })
}

function shownRelationships(
  all: SnapshotRelationships,
  relations: SchemaSnapshot['relations'],
): SnapshotRelationships {
  const origins = () => all.origins().filter((origin) => relations.has(origin))
  const shown = (bySchema: RelationshipsBySchema | undefined) =>
    bySchema &&
    new Map(
      [...bySchema].map(([schema, list]) => [
        schema,
        list.filter(({ target }) => relations.has(nameKey(target))),
      ]),
    )
  function* getInSteps(origin: string) {
    return relations.has(origin) ? shown(yield* all.getInSteps(origin)) : undefined
  }
  function* peekInSteps(origin: string) {
    return relations.has(origin) ? shown(yield* all.peekInSteps(origin)) : undefined
  }
  return {
    origins,
    getInSteps,
    peekInSteps,
    originsRelatedTo: (schema) =>
      origins().filter((origin) => runAtOnce(peekInSteps(origin))?.has(schema) ?? false),
    get: (origin) => runAtOnce(getInSteps(origin)),
    pairCount: all.pairCount,
  }
}

function shownRelation(access: RelationAccess): Relation {
  const { relation, select, insert, update, mayDelete } = access
  const own = [select, insert, update]
  const isShown = (column: string) => own.some((each) => has(each, column))
  const granted = new Set<AccessAction>(mayDelete ? ['delete'] : [])
  for (const action of ['select', 'insert', 'update'] as const) {
    if (!isNone(access[action])) granted.add(action)
  }
  return {
    ...relation,
    granted,
    columns: new Map([...relation.columns].filter(([name]) => isShown(name))),
    primaryKey: relation.primaryKey.every(isShown) ? relation.primaryKey : [],
    canInsert: relation.canInsert && granted.has('insert'),
    canUpdate: relation.canUpdate && granted.has('update'),
    canDelete: relation.canDelete && mayDelete,
    // columns to come are granted with all of them only
    isClosed: relation.isClosed || !own.some(({ kind }) => kind === 'all'),
  }
}

function has(columns: GrantedColumns, name: string): boolean {
  return columns.kind === 'all' || columns.names.has(name)
}
