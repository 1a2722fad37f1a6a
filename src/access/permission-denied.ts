/**
 * What a role is not granted of that which a plan needs, and PostgreSQL's words for it. The columns
 * are not named: which of them a relation has is nothing that a role without them should learn.
 */

import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { nameKey } from '../core/qualified-name.ts'
import type { ApiError, DatabaseFailure } from '../errors/api-error.ts'
import type { DatabasePlan } from '../plan/plan.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import {
  type GrantedColumns,
  isNone,
  type RelationAccess,
  type RoleAccess,
} from './access-rules.ts'
import type { AccessAction } from './policy-registry.ts'
import {
  type RequiredColumns,
  type Requirement,
  requiredPrivileges,
} from './required-privileges.ts'

/** A thing and what users call its kind. */
export interface Forbidden {
  readonly kind: 'table' | 'view' | 'function'
  readonly name: string
}

/** The first thing that the plan needs and the role has not; null: nothing. */
export function firstMissing(
  plan: DatabasePlan<unknown>,
  access: RoleAccess,
  snapshot: SchemaSnapshot,
): Forbidden | null {
  for (const requirement of requiredPrivileges(plan)) {
    for (const each of ofComputedField(requirement, snapshot) ?? [requirement]) {
      if (!isGranted(each, access)) return forbidden(each, snapshot)
    }
  }
  return null
}

/**
 * A computed field is a function, which is called with the whole row; null where it is none.
 *
 * Rule  PostgreSQL manual: Using Composite Types in Queries
 */
function ofComputedField(
  requirement: Requirement,
  snapshot: SchemaSnapshot,
): readonly Requirement[] | null {
  const name = nameRead(requirement)
  if (requirement.kind === 'function' || name === null) return null
  const { relation } = requirement
  const known = snapshot.relations.get(nameKey(relation))
  if (known?.computedTypes.has(name) !== true || known.columns.has(name)) return null
  const call = { kind: 'function', routine: { schema: relation.schema, name } } as const
  if (requirement.kind === 'of-result') return [call]
  return [call, { ...requirement, columns: { kind: 'whole' } }]
}

function nameRead(requirement: Requirement): string | null {
  switch (requirement.kind) {
    case 'function':
      return null
    case 'of-result':
      return requirement.name
    case 'relation': {
      const { action, columns } = requirement
      return action === 'select' && columns.kind === 'column' ? columns.name : null
    }
    default:
      return assertNever(requirement)
  }
}

/** Shape  `permission denied for table orders`: 403, or 401 for the anonymous role */
export function permissionDenied({ kind, name }: Forbidden, isAuthenticated: boolean): ApiError {
  const failure: DatabaseFailure = {
    sqlState: '42501',
    message: `permission denied for ${kind} ${name}`,
    details: null,
    hint: null,
  }
  return { kind: 'database', failure, authenticated: isAuthenticated }
}

/** Shape  `role "x" does not exist` */
export function unknownRole(role: string, isAuthenticated: boolean): ApiError {
  const failure: DatabaseFailure = {
    sqlState: '22023',
    message: `role "${role}" does not exist`,
    details: null,
    hint: null,
  }
  return { kind: 'database', failure, authenticated: isAuthenticated }
}

function isGranted(requirement: Requirement, access: RoleAccess): boolean {
  if (requirement.kind === 'function') return access.mayCall(requirement.routine)
  // the function answers for its rows
  if (requirement.kind === 'of-result') return true
  const found = access.relation(requirement.relation)
  return found !== null && covers(found, requirement.action, requirement.columns)
}

function covers(access: RelationAccess, action: AccessAction, required: RequiredColumns): boolean {
  if (action === 'delete') return access.mayDelete
  const granted: GrantedColumns = access[action]
  switch (required.kind) {
    case 'some':
      return !isNone(granted)
    case 'whole':
      return granted.kind === 'all' || isEveryColumn(access, granted.names)
    case 'column':
      // a name that is no column may stand for the whole row, as that of a table of full texts does
      return granted.kind === 'all' || granted.names.has(required.name)
    case 'joined':
      return granted.kind === 'all' || coversPath(access, granted.names, required.name)
  }
}

/** Who may read a document may read what is below it. A column may be called like a path. */
function coversPath(
  { relation }: RelationAccess,
  names: ReadonlySet<string>,
  path: string,
): boolean {
  if (relation.columns.has(path)) return names.has(path)
  return names.has(path) || [...names].some((name) => path.startsWith(`${name}.`))
}

/** Columns that happen to be all there are now. */
function isEveryColumn({ relation }: RelationAccess, names: ReadonlySet<string>): boolean {
  return relation.isClosed && [...relation.columns.keys()].every((name) => names.has(name))
}

function forbidden(requirement: Requirement, snapshot: SchemaSnapshot): Forbidden {
  if (requirement.kind === 'function') {
    return { kind: 'function', name: requirement.routine.name }
  }
  return forbiddenRelation(requirement.relation, snapshot)
}

function forbiddenRelation(relation: QualifiedName, snapshot: SchemaSnapshot): Forbidden {
  const isView = snapshot.relations.get(nameKey(relation))?.isView === true
  return { kind: isView ? 'view' : 'table', name: relation.name }
}
