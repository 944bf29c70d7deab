import { inspect } from 'node:util'

/**
 * Makes instances of a class print as `text(instance)` in a notebook, a REPL and `console.log`. A function and not a
 * method because isolated declarations cannot name the symbol Node asks for.
 */
export function printAs<T extends object>(type: { prototype: T }, text: (instance: T) => string): void {
  Object.defineProperty(type.prototype, inspect.custom, {
    value(this: T): string {
      return text(this)
    },
    configurable: true,
  })
}
