/**
 * What `Prefer` asks of a read. Preferences of writes are in the cases of writes.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const handling = 'PostgREST docs: preferences (Strict or Lenient Handling)'
const timezone = 'PostgREST docs: preferences (Timezone)'
const tx = 'PostgREST docs: preferences (Transaction End Preference)'

export const preferenceCases: readonly ConformanceCase[] = [
  {
    name: 'handling/strict-refuses-what-nobody-knows',
    rule: handling,
    request: get('/countries', { Prefer: 'handling=strict, foo, bar' }),
    expect: {
      status: 400,
      body: errorBody('PGRST122', 'Invalid preferences given with handling=strict', {
        details: 'Invalid preferences: foo, bar',
      }),
    },
  },
  {
    name: 'handling/strict-in-several-headers',
    rule: handling,
    source: 'v16.2 spec: HandlingSpec (multiples in separate prefers)',
    request: get('/countries', { Prefer: ['handling=strict', 'something, else'] }),
    expect: {
      status: 400,
      body: errorBody('PGRST122', 'Invalid preferences given with handling=strict', {
        details: 'Invalid preferences: something, else',
      }),
    },
  },
  {
    name: 'handling/strict-takes-what-it-knows',
    rule: handling,
    request: get('/countries?code=eq.CA', { Prefer: 'handling=strict, count=exact' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'count=exact, handling=strict' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'handling/lenient-passes-over-it',
    rule: handling,
    request: get('/countries?code=eq.CA', { Prefer: 'handling=lenient, foo, bar' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'handling=lenient' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'handling/lenient-is-the-default',
    rule: handling,
    request: get('/countries?code=eq.CA', { Prefer: 'foo' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': null },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'preference/the-first-of-a-kind-counts',
    rule: 'PostgREST docs: preferences (Prefer Header)',
    source: 'v16.2 source: Preferences (the first of a kind)',
    needs: 'countExact',
    request: get('/competitions?select=id&limit=1&order=id', {
      Prefer: ['count=exact', 'count=planned'],
    }),
    expect: {
      status: 206,
      headers: { 'content-range': '0-0/3', 'preference-applied': 'count=exact' },
      body: [{ id: 1 }],
    },
  },
  {
    name: 'preference/of-writes-means-nothing-to-a-read',
    rule: 'PostgREST docs: preferences (Return Representation)',
    source: 'v16.2 source: Response (responsePreferences)',
    request: get('/countries?code=eq.CA', { Prefer: 'return=representation' }),
    expect: { status: 200, headers: { 'preference-applied': null } },
  },
  {
    name: 'timezone/by-name',
    rule: timezone,
    needs: 'timezone',
    request: get('/premieres?select=opened_at&id=eq.1', {
      Prefer: 'timezone=America/Los_Angeles',
    }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'timezone=America/Los_Angeles' },
      body: [{ opened_at: '2021-09-03T10:00:00-07:00' }],
    },
  },
  {
    name: 'timezone/by-a-negative-offset',
    rule: timezone,
    source: 'v16.2 spec: TimezoneSpec (negative offset)',
    needs: 'timezone',
    request: get('/premieres?select=opened_at&id=eq.1', { Prefer: 'timezone=-4' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'timezone=-4' },
      body: [{ opened_at: '2021-09-03T13:00:00-04:00' }],
    },
  },
  {
    name: 'timezone/by-an-offset-in-posix-form',
    rule: timezone,
    source: 'v16.2 spec: TimezoneSpec (positive offset)',
    needs: 'timezone',
    request: get('/premieres?select=opened_at&id=eq.1', { Prefer: 'timezone=+05:30' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'timezone=+05:30' },
      body: [{ opened_at: '2021-09-03T11:30:00-05:30' }],
    },
  },
  {
    name: 'timezone/with-strict-handling',
    rule: timezone,
    source: 'v16.2 spec: TimezoneSpec',
    needs: 'timezone',
    request: get('/premieres?select=opened_at&id=eq.1', {
      Prefer: 'handling=strict, timezone=Asia/Tokyo',
    }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'handling=strict, timezone=Asia/Tokyo' },
      body: [{ opened_at: '2021-09-04T02:00:00+09:00' }],
    },
  },
  {
    name: 'timezone/one-that-does-not-exist',
    rule: timezone,
    needs: 'timezone',
    request: get('/premieres', { Prefer: 'timezone=Jupiter/Red_Spot' }),
    expect: {
      status: 400,
      body: errorBody('22023', 'invalid value for parameter "TimeZone": "Jupiter/Red_Spot"'),
    },
  },
  {
    name: 'timezone/lenient-handling-does-not-help',
    rule: timezone,
    needs: 'timezone',
    request: get('/premieres', { Prefer: 'handling=lenient, timezone=Jupiter/Red_Spot' }),
    expect: { status: 400, code: '22023' },
  },
  {
    name: 'tx/is-not-for-clients-by-default',
    rule: tx,
    source: 'v16.2 source: Preferences (only where db-tx-end allows it)',
    request: get('/countries?code=eq.CA', { Prefer: 'tx=rollback' }),
    expect: { status: 200, headers: { 'preference-applied': null } },
    needs: 'transactions',
  },
  {
    name: 'tx/applied-where-it-is',
    rule: tx,
    variant: 'generous',
    source: 'v16.2 spec: RollbackSpec (responds to GET)',
    request: get('/countries?code=eq.CA', { Prefer: 'tx=commit' }),
    expect: {
      status: 200,
      headers: { 'preference-applied': 'tx=commit' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
    needs: 'transactions',
  },
  {
    name: 'preference/applied-in-one-order',
    rule: 'PostgREST docs: preferences (Prefer Header)',
    variant: 'generous',
    source: 'v16.2 source: Preferences (prefAppliedHeader)',
    needs: 'timezone',
    request: get('/countries?code=eq.CA', {
      Prefer: 'timezone=UTC, handling=lenient, tx=rollback, count=exact',
    }),
    expect: {
      status: 200,
      headers: {
        'preference-applied': 'count=exact, tx=rollback, handling=lenient, timezone=UTC',
      },
    },
  },
]
