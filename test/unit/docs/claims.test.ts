import { join } from 'node:path';
import { parse } from 'yaml';
import { readSources } from '../../../src/manifests/walk';
import { checkSources } from '../../../src/check/run';
import { configSchema } from '../../../src/config/schema';
import { exists, files, pages, read, root } from './repository';

type Values = Readonly<Record<string, unknown>>;

const yamlOf = (file: string): Values => parse(read(file)) as Values;
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

describe('commands that pages tell a reader to run', () => {
  const npm = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run (?:--\S+ )?([\w:]+)/g)].map(([, script]) => ({ page, script: script! })),
  );

  test('`npm run` names scripts that there are', () => {
    expect(npm.length).toBeGreaterThan(20);
    expect(npm.filter(({ script }) => !scripts.includes(script))).toEqual([]);
  });

  const checks = [
    ...new Set(
      pages
        .flatMap((page) => [...read(page).matchAll(/serverless check ((?:[\w./-]+ ?)+)/g)])
        .map(([, paths]) => paths!.trim())
        .filter((paths) => paths.split(/\s+/).every(exists)),
    ),
  ];

  test('`serverless check` is shown with files of this repository', () => {
    expect(checks.length).toBeGreaterThanOrEqual(2);
  });

  test.each(checks)('`serverless check %s` finds nothing wrong', (paths) => {
    const sources = readSources(
      paths.split(/\s+/).map((path) => join(root, path)),
      () => '',
      'default',
    );
    const gateway = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', skip: [] };
    expect(checkSources(sources, gateway)).toMatchObject({ findings: [], notChecked: [] });
  });
});

describe('CONTRIBUTING.md', () => {
  const page = read('CONTRIBUTING.md');

  test('names every generated file, with what makes it', () => {
    const generated = [...read('scripts/generate.mjs').matchAll(/file: '([^']+)', module: '([^']+)'/g)];
    expect(generated.length).toBeGreaterThanOrEqual(3);
    for (const [, file, module] of generated) expect(page).toContain(`| \`${file!}\` | \`${module!}\` |`);
  });

  test('names every suite', () => {
    const [, projects] = /projects: \[([^\]]+)\]/.exec(read('jest.config.cjs'))!;
    for (const [, project] of projects!.matchAll(/'(\w+)'/g)) expect(page).toContain(`\`${project!}\``);
  });
});

test('CHANGELOG.md names every field of the configuration that the predecessor did not have', () => {
  const theirs = ['count', 'interval', 'backend'];
  const fields = Object.keys(configSchema.properties).filter((name) => !theirs.includes(name));
  for (const field of fields) expect(read('CHANGELOG.md')).toContain(`\`${field}`);
});

describe('kong/INSTALL.md', () => {
  const page = read('kong/INSTALL.md');
  const valuesFiles = files.filter((file) => /^kong\/values.*\.yaml$/.test(file));

  test('names every values file', () => {
    for (const file of valuesFiles) expect(page).toContain(file.slice('kong/'.length));
  });

  test.each(valuesFiles.filter((file) => read(file).includes('initContainers')))(
    '%s: asks doctor in the container that has it, about the socket that Kong is given',
    (file) => {
      const { env } = yamlOf(file) as { env: Record<string, string> };
      const socket = env['pluginserver_serverless_socket']!;
      expect(page).toMatch(new RegExp(`-c serverless -- .*doctor --socket ${socket}\\n`));
    },
  );

  test('the base images of the Dockerfile exist for both platforms, and run Node 22', () => {
    for (const name of ['KONG_IMAGE', 'NODE_IMAGE']) {
      const image = new RegExp(`^ARG ${name}=(.*)$`, 'm').exec(read('Dockerfile'))![1]!;
      expect(page).toMatch(new RegExp(`^\\| \`${image}\` \\| yes \\| yes \\| glibc 2\\.(2[89]|[3-9]\\d) `, 'm'));
      expect(read('docs/guides/raspberry-pi.md')).toContain(`| \`${image}\` | yes | yes |`);
    }
  });

  test('the values say which Kong is in the image that the Dockerfile makes', () => {
    const [, version] = /^ARG KONG_IMAGE=kong:([\d.]+)-/m.exec(read('Dockerfile'))!;
    for (const file of ['kong/values.yaml', 'kong/values-configmap.yaml', 'kong/values-plugin-image.yaml']) {
      expect(yamlOf(file)).toMatchObject({ image: { effectiveSemver: version } });
    }
  });
});

describe('docs/guides/raspberry-pi.md', () => {
  const page = read('docs/guides/raspberry-pi.md');

  test("the gateway's own images come from the cluster's registry", () => {
    expect(yamlOf('kong/values-arm64.yaml')).toMatchObject({
      image: { repository: expect.stringMatching(/^registry\.example:5000\//) },
      ingressController: { image: { repository: expect.stringMatching(/^registry\.example:5000\//) } },
    });
    expect(page).toContain('--values kong/values-arm64.yaml');
  });

  test("the controller is copied in the version that kong/values.yaml names, and into the name that the cluster's values have", () => {
    const { ingressController } = yamlOf('kong/values.yaml') as { ingressController: { image: { tag: string } } };
    expect(page).toContain(`kong/kubernetes-ingress-controller:${ingressController.image.tag}`);
  });

  test('every file that names the registry is named', () => {
    const naming = files.filter(
      (file) => /^(kong|manifests)\//.test(file) && read(file).includes('registry.example:5000'),
    );
    expect(naming.length).toBe(3);
    for (const file of naming) expect(page).toContain(file.replace('/kustomization.yaml', ''));
  });
});

describe('docs/guides/aws.md', () => {
  const page = read('docs/guides/aws.md');

  test('makes a repository for every image that is pushed', () => {
    const images = [...read('scripts/image.sh').matchAll(/^build (kong-serverless\S*)/gm)].map(([, name]) => name!);
    expect(images).toHaveLength(3);
    const [, made] = /for name in (.*); do\n.*create-repository/.exec(page)!;
    expect(made!.split(' ')).toEqual(images);
  });

  test('names every file with a region that the overlay does not set', () => {
    const overlay = ['manifests/brokers/snssqs/component.yaml', 'keda/sqs/scaled-object.yaml'];
    const regional = files
      .filter((file) => /^(kong|keda|manifests|sample|charts)\/.*\.yaml$/.test(file))
      .filter((file) => /^[^#\n]*ap-northeast-1/m.test(read(file)) && !overlay.includes(file));
    expect(regional.length).toBeGreaterThan(1);
    for (const file of regional) expect(page).toContain(file);
  });
});

test('docs/guides/migrate.md opens with the three lines that had to change', () => {
  const [, list] = /had to change:\n\n((?:\d\. [^]*?\n)+?)\nThen /.exec(read('docs/guides/migrate.md'))!;
  const lines = list!.split(/^\d\. /m).slice(1);
  expect(lines).toEqual([
    expect.stringMatching(/^`deletedWhenUnused: "false"`/),
    expect.stringMatching(/^`pollingInterval: 1`/),
    expect.stringMatching(/^`dapr\.io\/disable-builtin-k8s-secret-store: "true"`/),
  ]);
});

test('docs/guides/long-requests.md: the bound is the TTL of the queue + the cooldown', () => {
  const [, ttl] = /"name": "serverless",\s*"vhost": "\/",\s*"durable": true,[^}]*"x-message-ttl": (\d+)/.exec(
    read('manifests/rabbitmq/definitions.json'),
  )!;
  const seconds = Number(ttl) / 1000;
  const { spec } = yamlOf('keda/rabbitmq/scaled-object.yaml') as { spec: { cooldownPeriod: number } };
  const bound = `${seconds} s + ${spec.cooldownPeriod} s = ${seconds + spec.cooldownPeriod} s`;
  expect(read('docs/guides/long-requests.md')).toContain(bound);
});

test('charts/serverless-backend/README.md names every value', () => {
  const page = read('charts/serverless-backend/README.md');
  const { broker, ...release } = yamlOf('charts/serverless-backend/values.yaml');
  for (const name of Object.keys(release)) expect(page).toContain(`\`${name}\``);
  for (const name of Object.keys(broker as Values)) expect(page).toContain(`\`broker.${name}\``);
  const schema = JSON.parse(read('charts/serverless-backend/values.schema.json')) as {
    properties: { backends: { additionalProperties: { properties: Values } } };
  };
  for (const name of Object.keys(schema.properties.backends.additionalProperties.properties)) {
    expect(page).toContain(`\`${name}\``);
  }
  expect(page).toContain('helm upgrade --install');
});

test('every dependency is used', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const commands = Object.values(manifest['scripts']!).join(' ').replace('tsc', 'typescript');
  const code = files.filter((file) => /\.(ts|mjs|cjs|js)$|^tsconfig\.json$/.test(file)).map(read);
  const names = Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] });
  const unused = names.filter((name) => {
    const quoted = new RegExp(`['"/]${name.replace('@types/', '')}['"/]`);
    return !commands.includes(name) && !code.some((text) => quoted.test(text));
  });
  expect(unused).toEqual([]);
});
