/**
 * What is made of an object is made once, and forgotten together with it: what a plan is compiled to, for
 * one, goes with the plan, as that goes with its snapshot.
 */

/** Shape  what `make` returned for the first call with that object, whatever the other arguments are */
export function oncePerObject<
  Of extends object,
  Rest extends readonly unknown[],
  Made extends object,
>(make: (of: Of, ...rest: Rest) => Made): (of: Of, ...rest: Rest) => Made {
  const made = new WeakMap<Of, Made>()
  return (of, ...rest) => {
    const known = made.get(of)
    if (known !== undefined) return known
    const fresh = make(of, ...rest)
    made.set(of, fresh)
    return fresh
  }
}
