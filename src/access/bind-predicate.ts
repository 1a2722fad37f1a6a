/**
 * A predicate on a relation of the snapshot → conditions of a plan: names resolved, operators that
 * the engine lacks refused, paths over relations made into nodes. Which rows are related is told by
 * the same relationships that embeds use; policies of the relations on the path do not apply there.
 */
import type { At, LogicTree, Operation } from '../api/api-request.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { FilterCondition, ReadNode, RowRule, RuleCondition } from '../plan/plan.ts'
import { lackingOf } from '../plan/refuse-unsupported.ts'
import { policySlot } from '../plan/request-values.ts'
import { resolveEmbed } from '../plan/resolve-embed.ts'
import { type FieldScope, fieldScope, resolveFilterField } from '../plan/resolve-field.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { Predicate } from './policy-registry.ts'
import { isLeftOut } from './registry-names.ts'

/** All rows and columns. */
export const everything: RowRule = { kind: 'all' }

/**
 * @param firstOperand where the predicate's first operand stands among those of its plan
 *
 * Errors  one sentence on the first name that means nothing, or on what the engine cannot do
 */
export function bindPredicate(
  { conditions }: Predicate,
  relation: QualifiedName,
  snapshot: SchemaSnapshot,
  firstOperand: number,
): Result<readonly RuleCondition[], string> {
  return bindTrees(conditions, relation, { snapshot, firstOperand, depth: 0 })
}

interface Place {
  readonly snapshot: SchemaSnapshot
  readonly firstOperand: number
  /** Relations between the policed one and this. */
  readonly depth: number
}

function bindTrees(
  trees: readonly At<LogicTree>[],
  relation: QualifiedName,
  place: Place,
): Result<readonly RuleCondition[], string> {
  const scope = fieldScope(place.snapshot, relation)
  const bound: RuleCondition[] = []
  for (const { path, value } of trees) {
    if (path.length > 0) continue
    const condition = bindTree(value, scope, place)
    if (!condition.ok) return condition
    bound.push(condition.value)
  }
  for (const [name, deeper] of byFirstName(trees)) {
    const node = bindRelated(name, deeper, relation, place)
    if (!node.ok) return node
    bound.push({ kind: 'related', node: node.value })
  }
  return ok(bound)
}

function byFirstName(
  trees: readonly At<LogicTree>[],
): ReadonlyMap<string, readonly At<LogicTree>[]> {
  const groups = new Map<string, At<LogicTree>[]>()
  for (const { path, value } of trees) {
    const [first, ...rest] = path
    if (first === undefined) continue
    const group = groups.get(first) ?? []
    groups.set(first, group)
    group.push({ path: rest, value })
  }
  return groups
}

function bindRelated(
  name: string,
  trees: readonly At<LogicTree>[],
  origin: QualifiedName,
  place: Place,
): Result<ReadNode, string> {
  const [target = '', hint = null] = name.split('!')
  const { snapshot } = place
  const { schema } = origin
  const found = resolveEmbed(snapshot, { schema, origin: origin.name, target, hint })
  if (!found.ok) {
    const named = schema === snapshot.schemas[0] ? target : `${schema}.${target}`
    if (isLeftOut(snapshot, named)) {
      return err(
        `"${target}" is left out by db-tables or db-exclude-tables, so that nothing can be looked for in it: serve it and grant it to nobody`,
      )
    }
    const isSeveral = found.error.kind === 'ambiguous-relationship'
    return err(
      isSeveral
        ? `"${origin.name}" is related to "${target}" in several ways: a hint says which`
        : `"${origin.name}" is not related to "${name}"`,
    )
  }
  const relationship = found.value
  const depth = place.depth + 1
  const where = bindTrees(trees, relationship.target, { ...place, depth })
  if (!where.ok) return where
  return ok({
    relation: relationship.target,
    rows: { kind: 'policed', conditions: where.value, columns: null },
    readsResult: false,
    depth,
    name: target,
    alias: null,
    key: `${relationship.origin.name}_${target}_${depth}`,
    select: [],
    where: [],
    order: [],
    window: { source: null, hasLimit: false, hasOffset: false, maxRows: null },
    join: {
      relationship,
      junctionRows: everything,
      type: 'inner',
      output: { kind: 'array', name: target, isEmpty: true },
    },
    children: [],
    usedLegacyName: false,
  })
}

function bindTree(tree: LogicTree, scope: FieldScope, place: Place): Result<RuleCondition, string> {
  if (tree.kind === 'logic') {
    const operands: RuleCondition[] = []
    for (const operand of tree.operands) {
      const bound = bindTree(operand, scope, place)
      if (!bound.ok) return bound
      operands.push(bound.value)
    }
    return ok({ ...tree, operands })
  }
  const { name } = tree.field
  const { relation } = scope
  if (relation === undefined) return err('the relation is not there')
  if (relation.isClosed && !relation.columns.has(name)) {
    return err(`"${relation.name}" has no column "${name}"`)
  }
  const lacking = lackingOf(tree, place.snapshot.capabilities)
  if (lacking !== null)
    return err(`${lacking} cannot be done by ${place.snapshot.capabilities.engine}`)
  const operation = moved(tree.operation, place.firstOperand)
  const filter: FilterCondition = {
    kind: 'filter',
    field: resolveFilterField(scope, tree.field),
    negated: tree.negated,
    operation,
  }
  return ok(operation.kind === 'is' ? filter : { kind: 'known', slot: operation.value, filter })
}

/** With the slot of its operand among those of the plan. */
function moved(operation: Operation, firstOperand: number): Operation {
  return operation.kind === 'is'
    ? operation
    : { ...operation, value: policySlot(firstOperand + operation.value) }
}
