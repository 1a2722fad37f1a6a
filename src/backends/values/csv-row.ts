/**
 * One row of a CSV body: the text form of a PostgreSQL row without its parentheses, which is what
 * PostgREST sends.
 */

/** Shape   ['a b', null, ''] → `"a b",,""` */
export function csvRow(fields: readonly unknown[]): string {
  return fields.map((field) => (field === null ? '' : csvField(String(field)))).join(',')
}

function csvField(text: string): string {
  if (text !== '' && !/["\\(),\s]/u.test(text)) return text
  return `"${text.replace(/["\\]/gu, '$&$&')}"`
}
