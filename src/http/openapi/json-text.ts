/**
 * JSON objects put together from members that are JSON text already. Unlike `JSON.stringify` of an
 * object it keeps every order of names and every digit of a number, and what was made once is used
 * again as it is.
 */

/** Name and JSON text; null: the member is left out. */
export type JsonMember = readonly [name: string, text: string | null]

/** Text of an object, members in the order given. */
export function jsonObject(members: readonly JsonMember[]): string {
  return joinMembers([jsonMembers(members)])
}

/** What stands between an object's braces, or a part of it. */
export function jsonMembers(members: readonly JsonMember[]): string {
  return members
    .flatMap(([name, text]) => (text === null ? [] : [`${JSON.stringify(name)}:${text}`]))
    .join(',')
}

/** Text of an object of several such parts. */
export function joinMembers(parts: readonly string[]): string {
  return `{${parts.filter((part) => part !== '').join(',')}}`
}
