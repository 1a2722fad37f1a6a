/**
 * An unruled plan and what a role may do → the plan that a backend runs, or the refusal. Every place
 * that reads or writes a relation gets its rule here; the types leave no other way.
 *
 * Which policies apply to which rows is as in PostgreSQL: reads are ruled by those for select; a
 * write by those for its action, and by those for select where it reads as well, by a filter or by
 * handing rows back.
 *
 * Rule  PostgreSQL manual: CREATE POLICY (Policies Applied by Command Type)
 */
import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type {
  ChildJoin,
  DatabasePlan,
  MutatePlan,
  Plan,
  ReadNode,
  RowRule,
  RuleCondition,
  Unruled,
  UnruledPlan,
} from '../plan/plan.ts'
import { planInfo } from '../plan/plan-info.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { Operands, RelationAccess, RoleAccess } from './access-rules.ts'
import { everything } from './bind-predicate.ts'
import { firstMissing, permissionDenied } from './permission-denied.ts'
import type { AccessAction, PolicyOperand } from './policy-registry.ts'
import { shownSchema, shownSubject } from './shown-schema.ts'
import { type ReadableDetails, readableDetails } from './withhold-details.ts'

export interface RuledPlan {
  readonly plan: Plan
  /** What the policies in it compare with, in the order of their slots. */
  readonly operands: readonly PolicyOperand[]
  readonly readable: ReadableDetails
}

const open = { operands: [], readable: 'all' } as const

/** Where nothing is policed: everybody may do everything. */
export function openPlan(plan: UnruledPlan, snapshot: SchemaSnapshot): RuledPlan {
  switch (plan.kind) {
    case 'info':
      return { plan: planInfo(plan.subject, snapshot.capabilities), ...open }
    case 'inspect':
      return { plan: { ...plan, shown: snapshot }, ...open }
    case 'read':
    case 'mutate':
    case 'call':
      return { plan: rule(plan, openRules), ...open }
    default:
      return assertNever(plan)
  }
}

/**
 * Errors  database (42501): what the role is not granted
 */
export function applyRules(
  plan: UnruledPlan,
  access: RoleAccess,
  snapshot: SchemaSnapshot,
  isAuthenticated: boolean,
): Result<RuledPlan, ApiError> {
  switch (plan.kind) {
    case 'info': {
      const subject = shownSubject(plan.subject, access)
      if (!subject.ok) return err(permissionDenied(subject.error, isAuthenticated))
      return ok({ plan: planInfo(subject.value, snapshot.capabilities), ...open })
    }
    case 'inspect':
      return ok({ plan: { ...plan, shown: shownSchema(snapshot, access) }, ...open })
    case 'read':
    case 'mutate':
    case 'call': {
      const missing = firstMissing(plan, access, snapshot)
      if (missing !== null) return err(permissionDenied(missing, isAuthenticated))
      const operands: Operands = []
      const ruled = rule(plan, rulesOf(access, operands))
      return ok({ plan: ruled, operands, readable: readableDetails(plan, access) })
    }
    default:
      return assertNever(plan)
  }
}

/** What each place of a plan is ruled by. */
interface Rules {
  /** Rows that are read. */
  readonly select: (relation: QualifiedName) => RowRule
  /** Rows that are there, by the policies for these actions together. */
  readonly using: (relation: QualifiedName, actions: readonly AccessAction[]) => RowRule
  /** Rows as they will be. */
  readonly check: (relation: QualifiedName, action: AccessAction) => RowRule
}

const openRules: Rules = {
  select: () => everything,
  using: () => everything,
  check: () => everything,
}

function rulesOf(access: RoleAccess, operands: Operands): Rules {
  const rows = (
    relation: QualifiedName,
    conditions: (of: RelationAccess) => readonly RuleCondition[],
  ): RowRule => {
    const found = access.relation(relation)
    // what is not granted was refused before
    if (found === null)
      return { kind: 'policed', conditions: [{ kind: 'never' }], columns: new Set() }
    const { select, isPoliced } = found
    const columns = select.kind === 'all' ? null : select.names
    if (!isPoliced && columns === null) return everything
    return { kind: 'policed', conditions: conditions(found), columns }
  }
  const whole = (ruled: RowRule): RowRule =>
    ruled.kind === 'all' || ruled.conditions.length === 0 ? everything : { ...ruled, columns: null }
  return {
    select: (relation) => rows(relation, (of) => of.using('select', operands)),
    using: (relation, actions) =>
      whole(rows(relation, (of) => actions.flatMap((action) => of.using(action, operands)))),
    check: (relation, action) => whole(rows(relation, (of) => of.check(action, operands))),
  }
}

function rule(plan: DatabasePlan<Unruled>, rules: Rules): DatabasePlan {
  switch (plan.kind) {
    case 'read':
      return { ...plan, root: ruleNode(plan.root, rules) }
    case 'mutate':
      return ruleWrite(plan, rules)
    case 'call':
      // the function answers for its rows; what is embedded in them is the caller's
      return { ...plan, root: ruleNode(plan.root, rules, everything) }
    default:
      return assertNever(plan)
  }
}

function ruleNode(
  node: ReadNode<Unruled>,
  rules: Rules,
  rows = rules.select(node.relation),
): ReadNode {
  return {
    ...node,
    rows,
    join: node.join === null ? null : ruleJoin(node.join, rules),
    children: node.children.map((child) => ruleNode(child, rules)),
  }
}

function ruleJoin(joined: ChildJoin<Unruled>, rules: Rules): ChildJoin {
  const { relationship } = joined
  const hasJunction =
    relationship.kind === 'key' && relationship.cardinality.kind === 'many-to-many'
  const junction = hasJunction ? relationship.cardinality.junction.relation : null
  return { ...joined, junctionRows: junction === null ? null : rules.select(junction) }
}

function ruleWrite(plan: MutatePlan<Unruled>, rules: Rules): MutatePlan {
  const { relation, mutation } = plan
  // its rows are those of the write, which the checks see to
  const root = ruleNode(plan.root, rules, everything)
  const isShown = plan.returning.length > 0
  const reads = isShown || plan.where.length > 0
  const readToo: readonly AccessAction[] = reads ? ['select'] : []
  const none = {
    using: everything,
    checkNew: everything,
    checkMerged: everything,
    checkInTheWay: everything,
    checkShown: everything,
  }
  switch (mutation) {
    case 'update': {
      const using = rules.using(relation, ['update', ...readToo])
      const checkShown = reads ? rules.using(relation, ['select']) : everything
      return {
        ...plan,
        root,
        ...none,
        using,
        checkNew: rules.check(relation, 'update'),
        checkShown,
      }
    }
    case 'delete':
      return { ...plan, root, ...none, using: rules.using(relation, ['delete', ...readToo]) }
    case 'insert':
    case 'upsert': {
      const checkNew = rules.check(relation, 'insert')
      // to find the row in the way is to read
      const checkShown =
        isShown || plan.onConflict !== null ? rules.using(relation, ['select']) : everything
      const merges = plan.onConflict?.resolution === 'merge-duplicates'
      if (!merges) return { ...plan, root, ...none, checkNew, checkShown }
      const checkMerged = rules.check(relation, 'update')
      const checkInTheWay = rules.using(relation, ['update', 'select'])
      return { ...plan, root, ...none, checkNew, checkMerged, checkInTheWay, checkShown }
    }
    default:
      return assertNever(mutation)
  }
}
