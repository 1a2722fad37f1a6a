/**
 * Whether a registry that an option names can be read, before a server is started or a reload put
 * into use. What it means in the database is found out at each load of the schema.
 */
import { readPolicyRegistry } from './access/read-policy-registry.ts'
import {
  readDeclaredRelationships,
  readDeclaredSchema,
} from './backends/registry/read-declared-schema.ts'
import { readFunctionRegistry } from './backends/registry/read-function-registry.ts'
import type { RegistryKey } from './config/registry-text.ts'
import { assertNever } from './core/assert-never.ts'
import type { Result } from './core/result.ts'

/** Shape  one sentence a problem, each beginning with the path of its place: `$.grants[0] …` */
export function registryProblems(key: RegistryKey, text: string): readonly string[] {
  const read = readRegistry(key, text)
  return read.ok ? [] : read.error
}

function readRegistry(key: RegistryKey, text: string): Result<unknown, readonly string[]> {
  switch (key) {
    case 'functionRegistry':
      return readFunctionRegistry(text)
    case 'policyRegistry':
      return readPolicyRegistry(text)
    case 'declaredSchema':
      return readDeclaredSchema(text)
    case 'declaredRelationships':
      return readDeclaredRelationships(text)
    default:
      return assertNever(key)
  }
}
