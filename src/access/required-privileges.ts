/**
 * A plan → what the role of its request has to be granted: each column that is selected, filtered,
 * ordered or joined by on each relation, each column written, each function called. What a function
 * reads itself is its author's business; what the request adds to its result is listed like any
 * other read.
 *
 * Rule  PostgreSQL manual: SELECT, INSERT, UPDATE, DELETE (privileges)
 */
import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { ChildJoin, Condition, DatabasePlan, MutatePlan, ReadNode } from '../plan/plan.ts'
import type { AccessAction } from './policy-registry.ts'

/**
 * `whole`: all columns there are, those to come too · `some`: any one of them will do · `joined`: a
 * column of a key, or what is below one, by its path: `made_by.$id`.
 */
export type RequiredColumns =
  | { readonly kind: 'whole' }
  | { readonly kind: 'some' }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'joined'; readonly name: string }

export type Requirement =
  | {
      readonly kind: 'relation'
      readonly relation: QualifiedName
      readonly action: AccessAction
      readonly columns: RequiredColumns
    }
  | { readonly kind: 'function'; readonly routine: QualifiedName }
  /** Read of rows that a function has answered: nothing, unless it is a computed field. */
  | { readonly kind: 'of-result'; readonly relation: QualifiedName; readonly name: string }

type Requirements = Requirement[]

// clients decide how deep trees nest: everything is put on one list, and nothing is copied on the way

export function requiredPrivileges(plan: DatabasePlan<unknown>): readonly Requirement[] {
  const found: Requirements = []
  switch (plan.kind) {
    case 'read':
      addNode(found, plan.root, true)
      return found
    case 'mutate':
      addWrite(found, plan)
      return found
    case 'call':
      found.push({ kind: 'function', routine: plan.routine })
      addNode(found, plan.root, false)
      return found
    default:
      return assertNever(plan)
  }
}

function addWrite(found: Requirements, plan: MutatePlan<unknown>): void {
  const { relation, mutation, columns, where, onConflict, returning, root } = plan
  switch (mutation) {
    case 'insert':
    case 'upsert':
      addWritten(found, relation, 'insert', columns)
      if (onConflict?.resolution === 'merge-duplicates') {
        addWritten(found, relation, 'update', columns)
      }
      for (const name of onConflict?.columns ?? []) addSelected(found, relation, name)
      break
    case 'update':
      addWritten(found, relation, 'update', columns)
      break
    case 'delete':
      found.push({ kind: 'relation', relation, action: 'delete', columns: { kind: 'whole' } })
      break
    default:
      assertNever(mutation)
  }
  addConditions(found, relation, where)
  for (const name of returning) addSelected(found, relation, name)
  if (returning.length > 0) addNode(found, root, true)
}

function addWritten(
  found: Requirements,
  relation: QualifiedName,
  action: AccessAction,
  columns: MutatePlan['columns'],
): void {
  if (columns.length === 0) {
    found.push({ kind: 'relation', relation, action, columns: { kind: 'some' } })
  }
  for (const { name } of columns) {
    found.push({ kind: 'relation', relation, action, columns: { kind: 'column', name } })
  }
}

/** `isOwn`: the node's rows are read from its relation, not from what a function answered. */
function addNode(found: Requirements, node: ReadNode<unknown>, isOwn: boolean): void {
  const { relation } = node
  if (isOwn) {
    found.push({ kind: 'relation', relation, action: 'select', columns: { kind: 'some' } })
    // `?select=` with nothing behind it shows what a star does
    const isStar = node.join === null && node.select.length === 0 && node.children.length === 0
    if (isStar) addSelected(found, relation, '*')
    for (const column of node.select) {
      const { name } = column.field
      // count() counts rows, whatever is in them
      if (name !== '*' || column.aggregate === null) addSelected(found, relation, name)
    }
    addConditions(found, relation, node.where)
  } else {
    addOfResult(found, node)
  }
  const byKey = new Map(node.children.map((child) => [child.key, child.relation]))
  for (const { child, field } of node.order) {
    const related = child === null ? undefined : byKey.get(child)
    if (related !== undefined) addSelected(found, related, field.name)
    else if (isOwn) addSelected(found, relation, field.name)
  }
  for (const child of node.children) {
    if (child.join !== null) addJoin(found, child.join, isOwn)
    addNode(found, child, true)
  }
}

function addJoin(
  found: Requirements,
  { relationship }: ChildJoin<unknown>,
  isOwnOrigin: boolean,
): void {
  const { origin, target } = relationship
  if (relationship.kind === 'computed') {
    found.push({ kind: 'function', routine: relationship.routine })
    return
  }
  const { cardinality } = relationship
  if (cardinality.kind !== 'many-to-many') {
    for (const [own, other] of cardinality.columns) {
      if (isOwnOrigin) addJoined(found, origin, own)
      addJoined(found, target, other)
    }
    return
  }
  const { junction } = cardinality
  for (const [own, between] of junction.originColumns) {
    if (isOwnOrigin) addJoined(found, origin, own)
    addJoined(found, junction.relation, between)
  }
  for (const [own, between] of junction.targetColumns) {
    addJoined(found, target, own)
    addJoined(found, junction.relation, between)
  }
}

function addOfResult(
  found: Requirements,
  { relation, select, where, order }: ReadNode<unknown>,
): void {
  const add = (name: string) => found.push({ kind: 'of-result', relation, name })
  for (const { field } of select) add(field.name)
  for (const { child, field } of order) if (child === null) add(field.name)
  const left = [...where]
  for (let condition = left.pop(); condition !== undefined; condition = left.pop()) {
    if (condition.kind === 'filter') add(condition.field.name)
    if (condition.kind === 'logic') left.push(...condition.operands)
  }
}

function addSelected(found: Requirements, relation: QualifiedName, name: string): void {
  const columns: RequiredColumns = name === '*' ? { kind: 'whole' } : { kind: 'column', name }
  found.push({ kind: 'relation', relation, action: 'select', columns })
}

function addJoined(found: Requirements, relation: QualifiedName, name: string): void {
  found.push({ kind: 'relation', relation, action: 'select', columns: { kind: 'joined', name } })
}

function addConditions(
  found: Requirements,
  relation: QualifiedName,
  conditions: readonly Condition[],
): void {
  for (const condition of conditions) {
    if (condition.kind === 'filter') addSelected(found, relation, condition.field.name)
    if (condition.kind === 'logic') addConditions(found, relation, condition.operands)
  }
}
