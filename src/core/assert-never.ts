/**
 * Closes an exhaustive `switch`: does not compile while a variant is unhandled, and throws should
 * one arrive at run time all the same.
 */
export function assertNever(value: never): never {
  throw new Error(`unhandled variant: ${JSON.stringify(value)}`)
}
