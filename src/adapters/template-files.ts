import { readFile } from 'node:fs/promises';
import type { Clock, Logger } from '../core/ports';

/** A ConfigMap that is mounted changes within a minute or so; it is looked at this often. Milliseconds. */
const FRESH_MS = 10_000;

/** Templates of waiting pages, read when they are wanted. */
export class TemplateFiles {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #problemsOf: (template: string) => readonly string[];
  readonly #known = new Map<string, { readonly at: number; readonly text: Promise<string | undefined> }>();

  /** @param problemsOf what is wrong with a template; it is logged, and the template not used */
  constructor(clock: Clock, logger: Logger, problemsOf: (template: string) => readonly string[]) {
    this.#clock = clock;
    this.#logger = logger;
    this.#problemsOf = problemsOf;
  }

  /** Undefined where it cannot be read or used: then the built-in page does. Never rejects. */
  read(path: string): Promise<string | undefined> {
    const known = this.#known.get(path);
    const now = this.#clock.now();
    if (known !== undefined && now < known.at + FRESH_MS) return known.text;
    const text = this.#read(path);
    this.#known.set(path, { at: now, text });
    return text;
  }

  async #read(path: string): Promise<string | undefined> {
    try {
      const text = await readFile(path, 'utf8');
      const problems = this.#problemsOf(text);
      if (problems.length === 0) return text;
      this.#logger.warn({ template: path, problems }, 'the template of a waiting page is not used');
    } catch (error) {
      this.#logger.warn({ template: path, err: error }, 'the template of a waiting page cannot be read');
    }
    return undefined;
  }
}
