/**
 * The product's name and version, and those of the contract that it keeps. Where the contract fixes
 * a name (`Proxy-Status`, `Warning`, the OpenAPI document) `contract*` is used, elsewhere our own.
 */
export const productName = 'dbrest'
/** Equal to package.json's version; a test holds them together. */
export const productVersion = '0.1.0'
export const contractName = 'PostgREST'
export const contractVersion = '16.2'
/** The manual of the contract's major version, for clients to read. */
export const contractDocsUrl = 'https://postgrest.org/en/v16/references/api.html'
