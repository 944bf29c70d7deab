import { InvalidArgumentError, Option } from 'commander'

/** The option `--param name=value`, repeatable: the texts by name, to be read by {@link readParams}. */
export function paramOption(): Option {
  return new Option('--param <name=value>', 'the value of a param of the pipeline; repeatable').argParser(
    (text: string, before: Record<string, string> = {}) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (name === undefined || value === undefined) {
        throw new InvalidArgumentError(`--param takes name=value, as in least=38.5; found '${text}'.`)
      }
      return { ...before, [name]: value }
    },
  )
}
