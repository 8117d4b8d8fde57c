import type { Manifest } from '../../manifests/manifest';
import { fieldOf } from '../../manifests/plugins';
import type { ManifestSet } from '../../manifests/set';
import { entries, text } from '../../manifests/value';
import { templateProblems } from '../../waiting-page/template';
import type { Rule } from '../rule';

/** Where a ConfigMap of the gateway's has a file with this name: it is mounted by it. */
function* filesNamed(set: ManifestSet, name: string): Iterable<{ manifest: Manifest; body: string }> {
  for (const manifest of set.manifests) {
    if (manifest.kind !== 'ConfigMap') continue;
    for (const [key, content] of entries(manifest.get('data'))) {
      const body = text(content);
      if (key === name && body !== undefined) yield { manifest, body };
    }
  }
}

export const waitingPageTemplate: Rule = {
  id: 'waiting-page-template',
  severity: 'error',
  title: 'The template of a waiting page can be used',
  why:
    'A template without {{head}}, {{message}} or {{script}} never goes on to the backend; one that loads from elsewhere is blocked by the ' +
    "page's policy. The plugin shows the built-in page instead, and its log says why.",
  fix: 'Correct the template; docs/guides/waiting-page.md has one to begin with.',
  *check(set) {
    for (const backend of set.backends) {
      const path = backend.settings?.waitingPage?.template;
      if (path === undefined) continue;
      for (const { manifest, body } of filesNamed(set, path.slice(path.lastIndexOf('/') + 1))) {
        const problems = templateProblems(body);
        if (problems.length === 0) continue;
        const where = `ConfigMap ${manifest.name}`;
        yield { at: fieldOf(backend, 'waiting_page'), message: `${path}, in ${where}: ${problems.join('; ')}.` };
      }
    }
  },
};
