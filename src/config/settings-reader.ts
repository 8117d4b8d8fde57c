import { quote } from './problems';
import { logLevels, token } from './setting-forms';

/** A setting as a person finds it: in `--help` and on its reference page. */
export interface Setting {
  /** Environment variable. */
  readonly name: string;
  /** Long option, without the dashes. Wins over the environment. */
  readonly option: string;
  /** Default, in words where it is not a value. */
  readonly default: string;
  readonly meaning: string;
}

/** For the table of each process of ours that writes a log. */
export const LOG_LEVEL: Omit<Setting, 'option'> = {
  name: 'SERVERLESS_LOG_LEVEL',
  default: 'info',
  meaning:
    `Least level that is logged: ${logLevels.join(', ')}. error: requests fail, or soon will; warn: something is wrong that may pass; ` +
    'info: starts, roles, one line per cold start; debug: each plugin instance and call that failed as it should',
};

/** Likewise. */
export const LOG_FORMAT: Omit<Setting, 'option'> = {
  name: 'SERVERLESS_LOG_FORMAT',
  default: 'json',
  meaning: 'How a line is written: json, for machines, or pretty, for people',
};

/** The settings of a table, in its order. */
export function settingsOf(table: Readonly<Record<string, Omit<Setting, 'option'>>>): readonly Setting[] {
  return Object.entries(table).map(([option, setting]) => ({ option, ...setting }));
}

/** A value, and where it was written: `--gateway-url` or `SERVERLESS_GATEWAY_URL`. */
export interface Given {
  readonly from: string;
  readonly text: string;
}

/**
 * Reads settings from options and the environment, and collects all that is wrong with them, each naming where the value was written and
 * quoting it, unless it is a token. An empty variable counts as unset, an empty option does not.
 */
export class SettingsReader<Option extends string> {
  readonly problems: string[] = [];
  readonly #table: Readonly<Record<Option, Omit<Setting, 'option'>>>;
  readonly #options: Readonly<Record<string, string | undefined>>;
  readonly #env: NodeJS.ProcessEnv;

  /** @param options by option name, without dashes; other names are ignored */
  constructor(
    table: Readonly<Record<Option, Omit<Setting, 'option'>>>,
    options: Readonly<Record<string, string | undefined>>,
    env: NodeJS.ProcessEnv,
  ) {
    this.#table = table;
    this.#options = options;
    this.#env = env;
  }

  fromOption(option: Option): Given | undefined {
    const text = this.#options[option];
    return text === undefined ? undefined : { from: `--${option}`, text };
  }

  fromEnvironment(option: Option): Given | undefined {
    const { name } = this.#table[option];
    const text = this.#env[name] ?? '';
    return text === '' ? undefined : { from: name, text };
  }

  /** @param parse throws NotThat */
  read<T>(given: Given | undefined, parse: (text: string) => T): T | undefined {
    if (given === undefined) return undefined;
    try {
      return parse(given.text);
    } catch (error) {
      const value = parse === (token as (text: string) => unknown) ? '' : ` ${quote(given.text)}:`;
      this.problems.push(`${given.from}:${value} ${(error as Error).message}`);
      return undefined;
    }
  }

  /** What is written; an option wins. */
  optional<T>(option: Option, parse: (text: string) => T): T | undefined {
    return this.read(this.fromOption(option) ?? this.fromEnvironment(option), parse);
  }

  /** The same, or else the default. */
  setting<T>(option: Option, parse: (text: string) => T): T {
    return this.optional(option, parse) ?? parse(this.#table[option].default);
  }
}
