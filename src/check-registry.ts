/**
 * Whether a registry that an option names can be read, before a server is started or a reload put
 * into use. What it means in the database is found out at each load of the schema.
 */
import { readPolicyRegistry } from './access/read-policy-registry.ts'
import { readFunctionRegistry } from './backends/registry/read-function-registry.ts'
import type { RegistryKey } from './config/registry-text.ts'
import { assertNever } from './core/assert-never.ts'

/** Shape  one sentence a problem, each beginning with the path of its place: `$.grants[0] …` */
export function registryProblems(key: RegistryKey, text: string): readonly string[] {
  switch (key) {
    case 'functionRegistry': {
      const read = readFunctionRegistry(text)
      return read.ok ? [] : read.error
    }
    case 'policyRegistry': {
      const read = readPolicyRegistry(text)
      return read.ok ? [] : read.error
    }
    default:
      return assertNever(key)
  }
}
