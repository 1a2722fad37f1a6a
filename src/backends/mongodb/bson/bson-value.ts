/**
 * A value as it is sent to the server: operands of filters, and what writes store. Documents are maps,
 * so that keys keep their order and none of them (`__proto__`, `_bsontype`, `1`) means anything to
 * JavaScript or to the driver.
 */
import type { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb'

export type BsonNumber = Int32 | Long | Double | Decimal128

export type BsonValue =
  | null
  | string
  | boolean
  | BsonNumber
  | Date
  | ObjectId
  | Binary
  | readonly BsonValue[]
  | ReadonlyMap<string, BsonValue>
