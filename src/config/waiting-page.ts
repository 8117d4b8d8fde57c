import type { WaitingPage } from '../core/waiting-page';
import { type ConfigProblem, quote } from './problems';
import type { Config } from './schema';

type Written = Config['backend'][number]['waiting_page'];

/** Undefined where it is off. */
export function toWaitingPage({
  enabled,
  after,
  title,
  text,
  logo,
  color,
  template,
}: Written): WaitingPage | undefined {
  return enabled ? { afterMs: after, title, text, logo, color, template } : undefined;
}

/** An image that nobody else is asked for. SVG too: as an image it runs no script. */
function isOwnImage(logo: string): boolean {
  return /^\/(?!\/)/.test(logo) || /^data:image\/(?:svg\+xml|png|jpeg|gif|webp|avif)[;,]/.test(logo);
}

/** What no pattern can say that means the same to Kong: it has no alternation. */
export function waitingPageProblems({ backend }: Config, sound: (field: string) => boolean): ConfigProblem[] {
  if (!sound('backend')) return [];
  return backend.flatMap((entry, index) => {
    const field = `backend[${index}].waiting_page`;
    if (!sound(field)) return [];
    const { logo, color } = entry.waiting_page;
    const problems: ConfigProblem[] = [];
    if (sound(`${field}.logo`) && logo !== undefined && !isOwnImage(logo)) {
      const message = 'write a path such as "/brand/logo.svg", or a data: URL such as "data:image/svg+xml,…"';
      problems.push({ field: `${field}.logo`, value: quote(logo), message });
    }
    if (sound(`${field}.color`) && color.length !== 4 && color.length !== 7) {
      problems.push({ field: `${field}.color`, value: quote(color), message: 'write a colour as "#rgb" or "#rrggbb"' });
    }
    return problems;
  });
}
