/**
 * The formats an answer comes in.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const format = 'PostgREST docs: resource_representation (Response Format)'
const builtin = 'PostgREST docs: resource_representation (Builtin Media Type Handlers)'
const singular = 'PostgREST docs: resource_representation (Singular or Plural)'
const stripped = 'PostgREST docs: resource_representation (Stripped Nulls)'

export const representationCases: readonly ConformanceCase[] = [
  {
    name: 'format/json-when-nothing-is-asked-for',
    rule: format,
    request: get('/countries?code=eq.CA'),
    expect: {
      status: 200,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': /^\d+$/,
        'content-location': '/countries?code=eq.CA',
        'content-profile': null,
      },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'format/json-when-asked-for',
    rule: format,
    request: get('/countries?code=eq.CA', { Accept: 'application/json' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'format/anything-is-json',
    rule: builtin,
    request: get('/countries?code=eq.CA', { Accept: '*/*' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'format/what-nobody-knows',
    rule: builtin,
    source: 'v16.2 spec: QuerySpec (unknown accept type with 406)',
    request: get('/countries', { Accept: 'unknown/unknown' }),
    expect: {
      status: 406,
      body: errorBody('PGRST107', 'None of these media types are available: unknown/unknown'),
    },
  },
  {
    name: 'format/what-is-no-media-type',
    rule: builtin,
    source: 'v16.2 spec: CustomMediaSpec (media type parser fails)',
    request: get('/countries', { Accept: 'undefined' }),
    expect: {
      status: 406,
      body: errorBody('PGRST107', 'None of these media types are available: undefined'),
    },
  },
  {
    name: 'format/anything-rescues-what-nobody-knows',
    rule: format,
    source: 'v16.2 spec: QuerySpec (Accept headers)',
    request: get('/countries?code=eq.CA', { Accept: 'unknown/unknown, */*' }),
    expect: { status: 200, body: [{ code: 'CA', name: 'Canada' }] },
  },
  {
    name: 'format/in-the-order-of-the-clients-liking',
    rule: format,
    source: 'v16.2 spec: QuerySpec (honors client preference)',
    needs: 'csv',
    request: get('/countries?code=eq.CA', { Accept: 'application/json;q=0.5, text/csv' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'text/csv; charset=utf-8' },
      text: 'code,name\nCA,Canada',
    },
  },
  {
    name: 'csv/a-header-and-a-line-for-each-row',
    rule: builtin,
    needs: 'csv',
    request: get('/actors?select=id,first_name,last_name&id=gte.4&order=id', {
      Accept: 'text/csv',
    }),
    expect: {
      status: 200,
      headers: { 'content-type': 'text/csv; charset=utf-8', 'content-range': '0-2/*' },
      text: 'id,first_name,last_name\n4,Charlie,Chaplin\n5,Zendaya,\n6,Buster,Keaton',
    },
  },
  {
    name: 'csv/quotes-what-would-be-misread',
    rule: builtin,
    source: 'PostgreSQL manual: Composite Type Input and Output Syntax',
    needs: 'csv',
    request: get('/billings?select=id,printed&id=in.(1,3,4,6)&order=id', { Accept: 'text/csv' }),
    expect: {
      status: 200,
      text: 'id,printed\n1,"Welles, Orson"\n3,"Agent (007)"\n4,"Edward ""Duke"" E."\n6,""',
    },
  },
  {
    name: 'csv/quotes-what-holds-blanks',
    rule: builtin,
    source: 'PostgreSQL manual: Composite Type Input and Output Syntax',
    needs: 'csv',
    request: get('/films?select=id,title&id=in.(1,4)&order=id', { Accept: 'text/csv' }),
    expect: { status: 200, text: 'id,title\n1,"Lady Bird"\n4,Dune' },
  },
  {
    name: 'csv/booleans-are-letters',
    rule: builtin,
    source: 'PostgreSQL manual: the text form of booleans in a row',
    needs: 'csv',
    request: get('/films?select=id,is_color&id=gte.5&order=id', { Accept: 'text/csv' }),
    expect: { status: 200, text: 'id,is_color\n5,t\n6,f\n7,' },
  },
  {
    name: 'csv/of-no-rows',
    rule: builtin,
    source: 'v16.2 source: SqlFragment (asCsvF)',
    needs: 'csv',
    request: get('/lost_films', { Accept: 'text/csv' }),
    expect: { status: 200, text: '\n' },
  },
  {
    name: 'geojson/where-there-is-no-postgis',
    rule: builtin,
    needs: 'geojson',
    request: get('/films', { Accept: 'application/geo+json' }),
    expect: { status: 200 },
  },
  {
    name: 'singular/one-row-is-an-object',
    rule: singular,
    request: get('/countries?code=eq.FR', { Accept: 'application/vnd.pgrst.object+json' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/vnd.pgrst.object+json; charset=utf-8' },
      body: { code: 'FR', name: 'France' },
    },
  },
  {
    name: 'singular/without-a-suffix',
    rule: singular,
    source: 'v16.2 spec: SingularSpec',
    request: get('/countries?code=eq.FR', { Accept: 'application/vnd.pgrst.object' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/vnd.pgrst.object+json; charset=utf-8' },
      body: { code: 'FR', name: 'France' },
    },
  },
  {
    name: 'singular/with-embeds',
    rule: singular,
    source: 'v16.2 spec: SingularSpec (plurality singular object routes)',
    needs: 'embedding',
    request: get('/films?id=eq.3&select=id,directors(name),roles(character)', {
      Accept: 'application/vnd.pgrst.object+json',
    }),
    expect: {
      status: 200,
      body: { id: 3, directors: { name: 'Denis Villeneuve' }, roles: [{ character: 'Louise' }] },
    },
  },
  {
    name: 'singular/no-row',
    rule: singular,
    request: get('/countries?code=eq.XX', { Accept: 'application/vnd.pgrst.object+json' }),
    expect: {
      status: 406,
      body: errorBody('PGRST116', 'Cannot coerce the result to a single JSON object', {
        details: 'The result contains 0 rows',
      }),
    },
  },
  {
    name: 'singular/several-rows',
    rule: singular,
    request: get('/countries', { Accept: 'application/vnd.pgrst.object+json' }),
    expect: {
      status: 406,
      body: errorBody('PGRST116', 'Cannot coerce the result to a single JSON object', {
        details: 'The result contains 4 rows',
      }),
    },
  },
  {
    name: 'singular/several-rows-on-head',
    rule: singular,
    request: {
      method: 'HEAD',
      target: '/countries',
      headers: { Accept: 'application/vnd.pgrst.object+json' },
    },
    expect: {
      status: 406,
      headers: { 'proxy-status': 'PostgREST; error=PGRST116' },
      text: '',
    },
  },
  {
    name: 'singular/no-row-on-head',
    rule: singular,
    request: {
      method: 'HEAD',
      target: '/countries?code=eq.XX',
      headers: { Accept: 'application/vnd.pgrst.object+json' },
    },
    expect: {
      status: 406,
      headers: { 'proxy-status': 'PostgREST; error=PGRST116' },
      text: '',
    },
  },
  {
    name: 'singular/the-first-of-several-by-a-limit',
    rule: singular,
    request: get('/countries?order=code&limit=1', { Accept: 'application/vnd.pgrst.object+json' }),
    expect: { status: 200, body: { code: 'CA', name: 'Canada' } },
  },
  {
    name: 'stripped/array',
    rule: stripped,
    request: get('/films?select=id,language,minutes&id=gte.5&order=id', {
      Accept: 'application/vnd.pgrst.array+json;nulls=stripped',
    }),
    expect: {
      status: 200,
      headers: {
        'content-type': 'application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8',
      },
      body: [{ id: 5, language: 'fr', minutes: 72 }, { id: 6, minutes: 87 }, { id: 7 }],
    },
  },
  {
    name: 'stripped/array-without-a-suffix',
    rule: stripped,
    source: 'v16.2 spec: NullsStripSpec',
    request: get('/films?select=id,language&id=eq.7', {
      Accept: 'application/vnd.pgrst.array;nulls=stripped',
    }),
    expect: { status: 200, body: [{ id: 7 }] },
  },
  {
    name: 'stripped/object',
    rule: stripped,
    source: 'v16.2 spec: NullsStripSpec',
    request: get('/films?select=id,language,minutes&id=eq.6', {
      Accept: 'application/vnd.pgrst.object+json;nulls=stripped',
    }),
    expect: {
      status: 200,
      headers: {
        'content-type': 'application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8',
      },
      body: { id: 6, minutes: 87 },
    },
  },
  {
    name: 'stripped/object-of-several-rows',
    rule: stripped,
    source: 'v16.2 spec: NullsStripSpec (result not singular)',
    request: get('/countries', { Accept: 'application/vnd.pgrst.object+json;nulls=stripped' }),
    expect: { status: 406, code: 'PGRST116' },
  },
  {
    name: 'stripped/in-embeds-too',
    rule: stripped,
    source: 'PostgreSQL manual: json_strip_nulls',
    needs: 'embedding',
    request: get('/films?select=id,technical_specs(camera,sound),soundtracks(composer)&id=eq.6', {
      Accept: 'application/vnd.pgrst.array+json;nulls=stripped',
    }),
    expect: { status: 200, body: [{ id: 6, technical_specs: { camera: 'Mitchell' } }] },
  },
  {
    name: 'stripped/an-array-that-is-not',
    rule: stripped,
    source: 'v16.2 spec: NullsStripSpec (doesn’t strip nulls)',
    request: get('/films?select=id,language&id=eq.7', {
      Accept: 'application/vnd.pgrst.array+json',
    }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: [{ id: 7, language: null }],
    },
  },
]
