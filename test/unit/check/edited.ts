import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayFacts } from '../../../src/manifests/set';
import { checkSources, type Report } from '../../../src/check/run';

const good = readFileSync(join(__dirname, 'good.yaml'), 'utf8');

/** What is changed in the good set: text that is replaced, and documents that are added. */
export interface Edits {
  readonly replace?: readonly (readonly [string | RegExp, string])[];
  readonly add?: string;
  readonly gateway?: Partial<GatewayFacts>;
}

/** Checks the good set after some edits. Throws when an edit finds nothing to replace. */
export function checkEdited({ replace = [], add, gateway = {} }: Edits = {}): Report {
  let text = good;
  for (const [from, to] of replace) {
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`nothing to replace: ${String(from)}`);
    text = edited;
  }
  if (add !== undefined) text += `---\n${add}`;
  const facts = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', ...gateway };
  return checkSources([{ file: 'good.yaml', text, namespace: 'default' }], { ...facts, skip: [] });
}

/** `severity rule: message`, of each finding. */
export function found(edits: Edits): string[] {
  return checkEdited(edits).findings.map(({ severity, rule, message }) => `${severity} ${rule}: ${message}`);
}

/** A KongPlugin of another kind. */
export function plugin(kind: string, config: string): string {
  return `apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: other\n  namespace: kong\nplugin: ${kind}\nconfig: ${config}\n`;
}

/** An Ingress of its own for the health path, without any plugin. */
export const HEALTH_ROUTE = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: health
  namespace: kong
spec:
  ingressClassName: kong
  rules:
    - http:
        paths:
          - path: /kong/healthz
            pathType: Exact
            backend:
              service:
                name: consumer
                port:
                  number: 8080
`;
