/**
 * Which database a connection leads to, whichever server of a cluster, its replicas among them, it is on.
 */
import type { ControlQuery } from './control-connection.ts'

/** SQL of two texts, to be joined by a blank. */
export const identityTexts = `
  (select oid from pg_catalog.pg_database where datname = current_database())::text,
  (select system_identifier from pg_control_system())::text`

/** Shape  `oid identifier` of the database and its cluster */
export async function readIdentity(query: ControlQuery): Promise<string> {
  const [row] = await query(`select concat_ws(' ', ${identityTexts}) as identity`)
  return row?.['identity'] ?? ''
}
