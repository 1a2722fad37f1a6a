/**
 * A registry bound to one snapshot: what each role may do with each relation, and the policies that
 * could not be bound. Made once for a registry and a snapshot, roles when they first ask.
 */
import type { SlotValue } from '../api/api-request.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { RuleCondition } from '../plan/plan.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { bindPredicate } from './bind-predicate.ts'
import {
  type AccessAction,
  type Policy,
  type PolicyOperand,
  type PolicyRegistry,
  type Predicate,
  publicRole,
} from './policy-registry.ts'
import { literalsOf } from './policy-values.ts'
import { inheritedRoles } from './read-policy-registry.ts'
import { isLeftOut, registryNames } from './registry-names.ts'

/** Columns that are granted: all, those to come too, or these. */
export type GrantedColumns =
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly names: ReadonlySet<string> }

export interface RelationAccess {
  readonly relation: Relation
  readonly select: GrantedColumns
  readonly insert: GrantedColumns
  readonly update: GrantedColumns
  readonly mayDelete: boolean
  /** There are policies for it, and they bind the role. */
  readonly isPoliced: boolean
  /** What has to hold of rows that are there. */
  readonly using: (action: AccessAction, operands: Operands) => readonly RuleCondition[]
  /** What has to hold of rows as they will be. */
  readonly check: (action: AccessAction, operands: Operands) => readonly RuleCondition[]
}

export interface RoleAccess {
  /** Equal for roles that have the same grants and policies. */
  readonly key: string
  /** Null: the role has nothing to do with it. */
  readonly relation: (name: QualifiedName) => RelationAccess | null
  readonly mayCall: (routine: QualifiedName) => boolean
}

/** A policy that means nothing on this schema: its relation is denied to everybody. */
export interface UnboundPolicy {
  readonly policy: string
  readonly relation: string
  readonly problem: string
}

export interface AccessRules {
  /** Null for a role that occurs nowhere. */
  readonly role: (name: string) => RoleAccess | null
  readonly unbound: readonly UnboundPolicy[]
}

/** The operands of the policies in one plan, in the order of their slots: grows while it is ruled. */
export type Operands = PolicyOperand[]

/**
 * What the engine says of conditions that are bound: one sentence, or null where it can do them.
 *
 * `literals`: of each operand what the registry gives itself, null where it is the request's
 */
export type RuleProblem = (
  conditions: readonly RuleCondition[],
  relation: Relation,
  snapshot: SchemaSnapshot,
  literals: readonly (SlotValue | null)[],
) => string | null

export function bindRegistry(
  registry: PolicyRegistry,
  snapshot: SchemaSnapshot,
  ruleProblem: RuleProblem = () => null,
): AccessRules {
  const unbound = unboundPolicies(registry, snapshot, ruleProblem)
  // SQLite knows names in any case: a policy that is a letter off is meant for the relation all the same
  const denied = new Set(unbound.map(({ relation }) => relation.toLowerCase()))
  const known = knownRoles(registry)
  const roles = new Map<string, RoleAccess>()
  return {
    unbound,
    role(name) {
      if (!known.has(name)) return null
      const access = roles.get(name) ?? roleAccess(name, registry, snapshot, denied)
      roles.set(name, access)
      return access
    },
  }
}

/** Every predicate is tried once, so that a request never meets one that means nothing. */
function unboundPolicies(
  { policies }: PolicyRegistry,
  snapshot: SchemaSnapshot,
  ruleProblem: RuleProblem,
): readonly UnboundPolicy[] {
  return policies.flatMap((policy) => {
    const { name, relation: relationName } = policy
    const relation = findRelation(snapshot, relationName)
    if (relation === undefined) {
      // what is not served is denied as it is
      if (isLeftOut(snapshot, relationName)) return []
      return [{ policy: name, relation: relationName, problem: `"${relationName}" is not there` }]
    }
    const predicates = new Set([policy.using, policy.check])
    const [problem] = [...predicates].flatMap((predicate) => {
      if (predicate === null) return []
      const bound = bindPredicate(predicate, relation, snapshot, 0)
      const found = bound.ok
        ? ruleProblem(bound.value, relation, snapshot, literalsOf(predicate.operands))
        : bound.error
      return found === null ? [] : [found]
    })
    return problem === undefined ? [] : [{ policy: name, relation: relationName, problem }]
  })
}

function findRelation(snapshot: SchemaSnapshot, name: string): Relation | undefined {
  for (const relation of snapshot.relations.values()) {
    if (registryNames(snapshot, relation).includes(name)) return relation
  }
  return undefined
}

function knownRoles({ roles, grants, policies }: PolicyRegistry): ReadonlySet<string> {
  const known = new Set<string>()
  for (const [name, { inherits }] of roles) for (const each of [name, ...inherits]) known.add(each)
  for (const rule of [...grants, ...policies]) for (const each of rule.roles) known.add(each)
  known.delete(publicRole)
  return known
}

function roleAccess(
  name: string,
  registry: PolicyRegistry,
  snapshot: SchemaSnapshot,
  denied: ReadonlySet<string>,
): RoleAccess {
  const members = new Set([name, ...inheritedRoles(registry.roles, name), publicRole])
  const bypasses = registry.roles.get(name)?.bypassPolicies === true
  const isTheirs = ({ roles }: { readonly roles: readonly string[] }) =>
    roles.some((each) => members.has(each))
  const grants = registry.grants.filter(isTheirs)
  const policies = registry.policies.filter(isTheirs)
  const relations = new Map<string, RelationAccess | null>()

  function find(qualified: QualifiedName): RelationAccess | null {
    const relation = snapshot.relations.get(nameKey(qualified))
    const names = registryNames(snapshot, qualified)
    if (relation === undefined || names.some((each) => denied.has(each.toLowerCase()))) return null
    const granted = (action: AccessAction): GrantedColumns => {
      const some = new Set<string>()
      for (const grant of grants) {
        if (grant.kind !== 'relation' || !grant.actions.includes(action)) continue
        if (!grant.relations.some((each) => names.includes(each))) continue
        if (grant.columns === null) return { kind: 'all' }
        for (const column of grant.columns) some.add(column)
      }
      return { kind: 'some', names: some }
    }
    const isPoliced = !bypasses && registry.policies.some((each) => names.includes(each.relation))
    const own = policies.filter((each) => names.includes(each.relation))
    const rows = (part: 'using' | 'check') => (action: AccessAction, operands: Operands) => {
      return isPoliced ? combine(own, part, action, relation, snapshot, operands) : []
    }
    const access: RelationAccess = {
      relation,
      select: granted('select'),
      insert: granted('insert'),
      update: granted('update'),
      mayDelete: granted('delete').kind === 'all',
      isPoliced,
      using: rows('using'),
      check: rows('check'),
    }
    const { select, insert, update, mayDelete } = access
    const hasAny = mayDelete || [select, insert, update].some((each) => !isNone(each))
    return hasAny ? access : null
  }

  return {
    key: JSON.stringify([bypasses, [...members].filter(occursIn(registry)).sort()]),
    relation(qualified) {
      const key = nameKey(qualified)
      const known = relations.get(key)
      if (known !== undefined) return known
      const found = find(qualified)
      relations.set(key, found)
      return found
    },
    mayCall(routine) {
      const names = registryNames(snapshot, routine)
      return grants.some(
        (grant) =>
          grant.kind === 'function' && grant.functions.some((each) => names.includes(each)),
      )
    },
  }
}

function occursIn({ grants, policies }: PolicyRegistry): (role: string) => boolean {
  const occurring = new Set([...grants, ...policies].flatMap(({ roles }) => roles))
  return (role) => occurring.has(role)
}

export function isNone(columns: GrantedColumns): boolean {
  return columns.kind === 'some' && columns.names.size === 0
}

/** Permissive policies open, restrictive ones close: without a permissive one there is no row. */
function combine(
  policies: readonly Policy[],
  part: 'using' | 'check',
  action: AccessAction,
  relation: Relation,
  snapshot: SchemaSnapshot,
  operands: Operands,
): readonly RuleCondition[] {
  const bind = (policy: Policy): readonly RuleCondition[] => {
    const predicate = policy[part]
    return predicate === null ? [] : bindOperands(predicate, relation, snapshot, operands)
  }
  const applying = policies.filter((policy) => policy.actions.includes(action))
  const permissive = applying
    .filter(({ restrictive }) => !restrictive)
    .map(bind)
    .map(all)
  const restrictive = applying.filter((policy) => policy.restrictive).flatMap(bind)
  const [first, ...others] = permissive
  if (first === undefined) return [{ kind: 'never' }]
  const opened: RuleCondition =
    others.length === 0
      ? first
      : { kind: 'logic', operator: 'or', negated: false, operands: permissive }
  return [opened, ...restrictive]
}

function all(conditions: readonly RuleCondition[]): RuleCondition {
  const [first, ...others] = conditions
  return first !== undefined && others.length === 0
    ? first
    : { kind: 'logic', operator: 'and', negated: false, operands: conditions }
}

function bindOperands(
  predicate: Predicate,
  relation: Relation,
  snapshot: SchemaSnapshot,
  operands: Operands,
): readonly RuleCondition[] {
  const bound = bindPredicate(predicate, relation, snapshot, operands.length)
  // what did not bind to this snapshot was found before, and its relation is denied
  if (!bound.ok) throw new Error(`a policy no longer binds: ${bound.error}`)
  operands.push(...predicate.operands)
  return bound.value
}
