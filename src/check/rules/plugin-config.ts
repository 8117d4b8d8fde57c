import { formatPath, type Path } from '../../manifests/path';
import type { Rule } from '../rule';

/** `backend[0].target` as a path; names with other characters are quoted, as in a message. */
function pathOf(field: string): Path {
  return (field.match(/\d+(?=\])|"[^"]*"|[^.[\]"]+/g) ?? []).map((step) => {
    if (/^\d+$/.test(step)) return Number(step);
    return step.replaceAll('"', '');
  });
}

export const pluginConfig: Rule = {
  id: 'plugin-config',
  severity: 'error',
  title: "The plugin's configuration is valid",
  why: 'Kong refuses its whole configuration when one plugin in it is wrong: no route changes any more, of any team.',
  fix: 'Correct the field.',
  *check(set) {
    for (const { manifest, path, problems } of set.plugins) {
      for (const { field, value, message } of problems) {
        const inside = pathOf(field);
        const at = manifest.place(...path, ...(field === 'config' ? [] : ['config']), ...inside);
        const fix = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
        yield { at, message: `${formatPath(inside)} is wrong: ${value}.`, fix };
      }
    }
  },
};
