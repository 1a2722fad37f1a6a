/**
 * A database of PostgreSQL whose function `nap` runs until it is woken, for tests of what becomes of a
 * request in flight: what they do meanwhile may take as long as it takes. Where nobody wakes it, it ends
 * after ten minutes.
 */
import { expect } from 'vitest'
import { type ApiDatabase, createApiDatabase } from './api-database.ts'
import { ask, eventually, type HttpReply } from './http-client.ts'

export interface NapDatabase extends ApiDatabase {
  /** Resolves when so many calls run. */
  untilNapping(calls: number): Promise<unknown>
  /** Ends all calls; resolves when they have. */
  wakeNaps(): Promise<void>
}

/** `sql`: what else is in it. */
export async function createNapDatabase(sql: string): Promise<NapDatabase> {
  const database = await createApiDatabase(`
    create table woken ();
    create function nap() returns void language plpgsql as $$
    begin
      while not exists (select from woken) and clock_timestamp() < now() + interval '10 minutes' loop
        perform pg_sleep(0.01);
      end loop;
    end $$;
    ${sql}`)
  const untilNapping = (calls: number) =>
    eventually(
      () =>
        database.query(
          `select from pg_stat_activity
           where datname = current_database() and state = 'active' and query like '%"nap"%'
             and pid <> pg_backend_pid()`,
        ),
      (running) => expect(running).toHaveLength(calls),
    )
  return {
    ...database,
    untilNapping,
    async wakeNaps() {
      await database.query('insert into woken default values')
      await untilNapping(0)
      await database.query('delete from woken')
    },
  }
}

/** `POST /rpc/nap` of a server at that URL. A reply that is cut may be looked at later, or never. */
export function callNap(url: string, signal?: AbortSignal): Promise<HttpReply> {
  const reply = ask(`${url}/rpc/nap`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    ...(signal === undefined ? {} : { signal }),
  })
  reply.catch(() => undefined)
  return reply
}
