import { Option } from 'commander'

/** `--connect`, as every command that speaks to Kafka Connect has it. */
export function connectOption(): Option {
  return new Option('--connect <url>', 'the address of Kafka Connect').default('http://localhost:8083')
}
