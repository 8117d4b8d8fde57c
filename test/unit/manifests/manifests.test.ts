import { manifests, objectIn, parseDocuments } from './documents';
import { isTyped, problemsOf } from './schemas';
import { unknownFields } from './unknown-fields';

const documents = manifests();

describe('every manifest', () => {
  test('is found: gateway, brokers, ScaledObjects, samples', () => {
    const kinds = new Set(documents.map(({ object }) => object.kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'KongPlugin',
        'Ingress',
        'Component',
        'ScaledObject',
        'TriggerAuthentication',
        'Deployment',
      ]),
    );
  });

  test.each(documents.map(({ place, object }) => [place, object] as const))('%s is valid', (_, object) => {
    expect(problemsOf(object)).toEqual([]);
  });

  test('has no field that its kind does not know', () => {
    expect(unknownFields(documents.filter(({ object }) => isTyped(object)))).toEqual([]);
  });
});

describe('the schemas refuse', () => {
  const broken = (file: string, kind: string, name: string, change: (text: string) => string) => {
    const text = change(JSON.stringify(objectIn(file, kind, name)));
    const [document] = parseDocuments(text, file);
    return document!;
  };

  test.each([
    [
      'an unknown field of a KongPlugin',
      'manifests/base/kong-plugin.yaml',
      'KongPlugin',
      'serverless',
      '"plugin"',
      '"plugins"',
    ],
    [
      'an unknown field of its configuration',
      'manifests/base/kong-plugin.yaml',
      'KongPlugin',
      'serverless',
      '"count"',
      '"cuont"',
    ],
    [
      'a value that is no text in a Component',
      'manifests/base/component.yaml',
      'Component',
      'kong-serverless-plugin',
      '"false"',
      'false',
    ],
    [
      'scopes in the wrong place',
      'manifests/base/component.yaml',
      'Component',
      'kong-serverless-plugin',
      '"scopes"',
      '"scope"',
    ],
    ['a port that is text', 'manifests/base/ingress.yaml', 'Ingress', 'serverless', '8080', '"8080"'],
    [
      'a ScaledObject without a target',
      'keda/rabbitmq/scaled-object.yaml',
      'ScaledObject',
      'consumer-scaledobject',
      '"scaleTargetRef"',
      '"target"',
    ],
    [
      'a Deployment without a selector',
      'sample/consumer/deployment.yaml',
      'Deployment',
      'consumer',
      '"selector"',
      '"select"',
    ],
    ['a kind without a schema', 'sample/consumer/service.yaml', 'Service', 'consumer', '"Service"', '"Servce"'],
  ])('%s', (_, file, kind, name, from, to) => {
    expect(problemsOf(broken(file, kind, name, (text) => text.replace(from, to)).object)).not.toEqual([]);
  });

  test('a misspelt field that no validator minds', () => {
    const document = broken('sample/consumer/deployment.yaml', 'Deployment', 'consumer', (text) =>
      text.replace('"readinessProbe"', '"readynessProbe"'),
    );
    expect(problemsOf(document.object)).toEqual([]);
    expect(unknownFields([document])).toEqual([expect.stringContaining('readynessProbe')]);
  });

  test('a key that is there twice', () => {
    expect(() => parseDocuments('kind: A\nkind: B\n', 'twice.yaml')).toThrow(/twice\.yaml/);
  });
});
