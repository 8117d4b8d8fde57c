import { found } from './edited';

describe("Kong's own configuration", () => {
  const KONG = (route: string, top = ''): string => `_format_version: "2.1"
services:
  - name: consumer
    url: http://consumer:8080
    routes:
      - name: r
        strip_path: false
        paths: [/kong]
${route}
    plugins:
      - name: serverless
        config:
          backend:
            - {target: /kong, health: /healthz, pubsub: kong-serverless-plugin, topic: serverless}
${top}`;
  const only = (add: string): string[] => found({ replace: [[/^[^]*$/, add]] });

  test('is checked like the objects of the ingress controller', () => {
    expect(only(KONG(''))).toEqual([]);
    expect(only(KONG('        protocols: [https]'))).toEqual([expect.stringContaining('error probe-protocol')]);
    expect(only(KONG('        methods: [POST]'))).toEqual([expect.stringContaining('error probe-conditions')]);
    expect(only(KONG('        headers: {x-a: [b]}'))).toEqual([expect.stringContaining('error probe-conditions')]);
    expect(only(KONG('        hosts: [a.example.com]'))).toEqual([]);
    expect(only(KONG('        plugins: [{name: key-auth}]'))).toEqual([
      expect.stringContaining('error probe-allowed: key-auth'),
    ]);
    expect(only(KONG('', 'plugins: [{name: key-auth}]'))).toEqual([
      expect.stringContaining('error probe-allowed: key-auth'),
    ]);
    expect(only(KONG('').replace('target: /kong', 'target: /shop'))).toEqual([
      expect.stringContaining('error target-route'),
    ]);
    expect(only(KONG('').replace('target: /kong', 'target: shop'))).toContainEqual(
      expect.stringContaining('error plugin-config'),
    );
  });

  test('a route without a service is a route too', () => {
    expect(
      only(
        '_format_version: "2.1"\nroutes:\n  - paths: [/kong]\n    plugins:\n      - name: serverless\n        config:\n          backend: [{target: /a, pubsub: p, topic: t}]\n',
      ),
    ).toEqual([expect.stringContaining('error target-route')]);
  });
});
