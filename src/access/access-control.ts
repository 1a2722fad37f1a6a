/**
 * Finds what the configured registry says on a snapshot. Reading a registry and binding it are done
 * once for each pair; what was made for one that is no longer in use goes with it.
 */
import type { RegistryText } from '../config/config.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { type AccessRules, bindRegistry, type RuleProblem } from './access-rules.ts'
import { readPolicyRegistry } from './read-policy-registry.ts'

/** Null without a registry: everybody may do everything. */
export type FindRules = (
  registry: RegistryText | null,
  snapshot: SchemaSnapshot,
) => AccessRules | null

/** `ruleProblem`: the engine's word on a policy. */
export function createAccessControl(ruleProblem?: RuleProblem): FindRules {
  const rulesOf = new WeakMap<RegistryText, WeakMap<SchemaSnapshot, AccessRules>>()
  return (registry, snapshot) => {
    if (registry === null) return null
    const bySnapshot = rulesOf.get(registry) ?? new WeakMap<SchemaSnapshot, AccessRules>()
    rulesOf.set(registry, bySnapshot)
    const rules = bySnapshot.get(snapshot) ?? bindRegistry(read(registry), snapshot, ruleProblem)
    bySnapshot.set(snapshot, rules)
    return rules
  }
}

function read({ text }: RegistryText) {
  const registry = readPolicyRegistry(text)
  if (!registry.ok) throw new Error('a configuration was loaded with a broken policy-registry')
  return registry.value
}
