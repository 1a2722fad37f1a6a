/**
 * What browsers of other origins may do.
 */
import { type ConformanceCase, get } from '../conformance-case.ts'

const rule = 'PostgREST docs: cors (CORS)'
const origins = 'PostgREST docs: cors (Allowed Origins)'

function preflight(origin: string) {
  return {
    method: 'OPTIONS',
    target: '/films',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'Foo, Bar',
    },
  } as const
}

const preflightHeaders = {
  'access-control-allow-methods': 'GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD',
  'access-control-allow-headers':
    'Authorization, Foo, Bar, Accept, Accept-Language, Content-Language',
  'access-control-max-age': '86400',
}

export const crossOriginCases: readonly ConformanceCase[] = [
  {
    name: 'cors/a-preflight-from-anywhere',
    rule,
    source: 'v16.2 spec: CorsSpec',
    request: preflight('http://example.com'),
    expect: {
      status: 200,
      headers: { 'access-control-allow-origin': '*', ...preflightHeaders },
      text: '',
    },
  },
  {
    name: 'cors/a-request-from-anywhere',
    rule,
    source: 'v16.2 spec: CorsSpec (exposes response headers)',
    request: get('/countries?code=eq.CA', { Origin: 'http://example.com' }),
    expect: {
      status: 200,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-expose-headers':
          'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit',
      },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'cors/a-request-of-no-origin',
    rule,
    request: get('/countries?code=eq.CA'),
    expect: {
      status: 200,
      headers: { 'access-control-allow-origin': null, 'access-control-expose-headers': null },
    },
  },
  {
    name: 'cors/options-that-is-no-preflight',
    rule,
    source: 'v16.2 spec: CorsSpec (allows INFO body through)',
    request: {
      method: 'OPTIONS',
      target: '/films',
      headers: { Origin: 'http://localhost:8000', Accept: 'text/csv, */*; q=0.01' },
    },
    expect: {
      status: 200,
      headers: { 'access-control-allow-origin': '*', allow: /^OPTIONS,GET,HEAD/ },
      text: '',
    },
  },
  {
    name: 'cors/a-preflight-that-asks-for-no-headers',
    rule,
    source: 'v16.2 source: Cors (wai-cors lists headers for those that ask)',
    request: {
      method: 'OPTIONS',
      target: '/films',
      headers: { Origin: 'http://example.com', 'Access-Control-Request-Method': 'HEAD' },
    },
    expect: {
      status: 200,
      headers: {
        'access-control-allow-methods': preflightHeaders['access-control-allow-methods'],
        'access-control-allow-headers': null,
        'access-control-max-age': '86400',
      },
      text: '',
    },
  },
  {
    name: 'cors/options-that-is-no-preflight-from-an-allowed-origin',
    rule: origins,
    variant: 'strict',
    source:
      'v16.2 source: Cors (wai-cors leaves OPTIONS to the application), Response (respondInfo)',
    request: {
      method: 'OPTIONS',
      target: '/countries',
      headers: { Origin: 'http://example.com' },
    },
    expect: {
      status: 200,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': null,
        'access-control-expose-headers': null,
      },
      text: '',
    },
  },
  {
    name: 'cors/errors-can-be-read-too',
    rule,
    source: 'v16.2 source: Cors (a middleware around every answer)',
    request: get('/nowhere', { Origin: 'http://example.com' }),
    expect: { status: 404, headers: { 'access-control-allow-origin': '*' }, code: 'PGRST205' },
  },
  {
    name: 'cors/a-preflight-from-an-allowed-origin',
    rule: origins,
    variant: 'strict',
    source: 'v16.2 spec: CorsSpec',
    request: preflight('http://example2.com'),
    expect: {
      status: 200,
      headers: {
        'access-control-allow-origin': 'http://example2.com',
        'access-control-allow-credentials': 'true',
        ...preflightHeaders,
      },
      text: '',
    },
  },
  {
    name: 'cors/a-request-from-an-allowed-origin',
    rule: origins,
    variant: 'strict',
    source: 'v16.2 spec: CorsSpec',
    request: get('/countries?code=eq.CA', { Origin: 'http://example.com' }),
    expect: {
      status: 200,
      headers: {
        'access-control-allow-origin': 'http://example.com',
        'access-control-allow-credentials': 'true',
      },
    },
  },
  {
    name: 'cors/a-request-from-another-origin',
    rule: origins,
    variant: 'strict',
    source: 'v16.2 spec: CorsSpec',
    request: get('/countries?code=eq.CA', { Origin: 'http://invalid.com' }),
    expect: {
      status: 200,
      headers: { 'access-control-allow-origin': null },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
]
