import { join } from 'node:path';
import ts from 'typescript';
import { type ManifestDocument, root } from './documents';
import { kindOf } from './schemas';

/**
 * Fields that a kind does not have, and values of the wrong type. The validators of kubernetes-models let unknown fields pass, as an
 * API server may; its types do not: TypeScript refuses a property that an object literal's type lacks, at any depth.
 */
export function unknownFields(documents: readonly ManifestDocument[]): readonly string[] {
  const lines = documents.map(({ object }) => {
    const { apiVersion, kind } = object;
    const typed = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
    const literal = JSON.stringify(object);
    return `export const _${kindOf(object).replace(/\W/g, '_')}: import('${typed}/${apiVersion}').I${kind} = ${literal};`;
  });
  // Every name once per file: one file per document would start the program anew for each.
  const text = lines.map((line, at) => line.replace('const _', `const d${at}_`)).join('\n');
  const name = join(root, 'test/unit/manifests/every-document.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => file === name || disk.fileExists(file),
    getSourceFile: (file, ...rest) =>
      file === name ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2022) : disk.getSourceFile(file, ...rest),
  };
  const program = ts.createProgram([name], options, host);
  const source = program.getSourceFile(name);
  return program.getSemanticDiagnostics(source).map((diagnostic) => {
    const line = source?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
    return `${documents[line]?.place}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });
}
