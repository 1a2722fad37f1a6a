/**
 * Which names of fields can stand in queries and paths as they are. A name can be a client's text, so
 * nothing in it may mean something to the server, nor to the driver, to which a document with
 * `_bsontype` is a value of some type.
 */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z_][^.$\0]*$/.test(name) && name !== '_bsontype'
}
