import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import type { Backend } from '../core/backend';
import { isRecord } from '../core/types';
import { toBackends } from './backends';
import { crossFieldRules } from './cross-field';
import { expectation } from './expectation';
import { isHttpUrl } from './http-url';
import { fromKong, originOfConfig } from './kong-input';
import { type ConfigProblem, quote } from './problems';
import { atLeastOneOf, type FieldSchema, type ObjectSchema, ownKeywords } from './field-schema';
import { type Config, configSchema } from './schema';
import { adviceOnUnknownField } from './unknown-field';

export { type ConfigProblem, formatProblems } from './problems';

/** The backends that a configuration names, or everything that is wrong with it. */
export type ParsedConfig =
  | {
      readonly ok: true;
      readonly backends: readonly Backend[];
      /** Of one route of Kong only. */ readonly ofOneRoute: boolean;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** No field holds a secret; one that is written here by mistake must not reach a log. */
const SECRET_NAME = /token|secret|passw|api.?key/i;

let compiled: ValidateFunction | undefined;

/** Compiled on first use: `-dump` and the start of the server do not pay for it (K7: listening within 100 ms). */
function validator(): ValidateFunction {
  compiled ??= new Ajv({
    allErrors: true,
    useDefaults: true,
    verbose: true,
    // The definition is our own and typed: checking it against JSON Schema's meta-schema costs 15 ms and finds nothing.
    meta: false,
    validateSchema: false,
    keywords: [...ownKeywords, atLeastOneOf],
    formats: { 'http-url': isHttpUrl },
  }).compile(configSchema);
  return compiled;
}

/** ajv's `/backend/0/target` as a person writes it: `backend[0].target`. */
function fieldAt(instancePath: string): string {
  return instancePath
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
    .slice(1);
}

function fieldIn(instancePath: string, name: string): string {
  const written = /^[\w-]{1,40}$/.test(name) ? name : quote(name);
  return instancePath === '' ? written : `${fieldAt(instancePath)}.${written}`;
}

function asProblem({ keyword, instancePath, params, data, parentSchema }: ErrorObject): ConfigProblem {
  if (keyword === 'required') {
    const name = String(params['missingProperty']);
    const property = (parentSchema as ObjectSchema).properties[name] as FieldSchema;
    return { field: fieldIn(instancePath, name), value: quote(undefined), message: `write ${expectation(property)}` };
  }
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    const value = SECRET_NAME.test(name) ? '(not shown)' : quote((data as Record<string, unknown>)[name]);
    return {
      field: fieldIn(instancePath, name),
      value,
      message: adviceOnUnknownField(name, parentSchema as ObjectSchema),
    };
  }
  return {
    field: fieldAt(instancePath),
    value: quote(data),
    message: `write ${expectation(parentSchema as FieldSchema)}`,
  };
}

/** Whether neither the field nor anything around it is among the wrong ones. */
function isSound(field: string, wrong: readonly string[]): boolean {
  return !wrong.some((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
}

/**
 * Reads the plugin's configuration as Kong sends it, or as a user wrote it. Kong's own keys are dropped, defaults filled in; the
 * argument is left as it is. Never throws: what is wrong is in `problems`, all of it at once.
 */
export function parseConfig(raw: unknown): ParsedConfig {
  if (!isRecord(raw)) {
    return {
      ok: false,
      problems: [{ field: 'config', value: quote(raw), message: `write ${expectation(configSchema)}` }],
    };
  }
  const validate = validator();
  const config = fromKong(configSchema, raw) as Config;
  const problems = new Map<string, ConfigProblem>();
  validate(config);
  for (const problem of (validate.errors ?? []).map(asProblem)) {
    // One per field: a value that is too long breaks its pattern as well.
    if (!problems.has(problem.field)) problems.set(problem.field, problem);
  }
  const wrong = [...problems.keys()];
  const broken = crossFieldRules.flatMap((rule) => rule.check(config, (field) => isSound(field, wrong)));
  const all = [...problems.values(), ...broken];
  if (all.length > 0) return { ok: false, problems: all };
  const { source, ofOneRoute } = originOfConfig(raw);
  return { ok: true, backends: toBackends(config, source), ofOneRoute };
}
