/** What `serverless check --help` prints. */
export const CHECK_HELP = `Usage: serverless check [OPTION...] FILE-OR-FOLDER...

Reads KongPlugins, Ingresses, Dapr Components, ScaledObjects, Deployments, Services, the broker's topology and values of Kong's
chart together, and reports where they do not agree. "-" is standard input: kustomize build DIR | serverless check -

  -o, --output FORMAT         text (the default) or json
      --app-id ID             Dapr app-id of the gateway (default: as its values say, else serverless)
      --gateway-namespace NS  namespace of the gateway (default: kong)
      --gateway-url URL       where probes are sent, SERVERLESS_GATEWAY_URL (default: http://127.0.0.1:8000)
      --gateway-grpc-url URL  where probes of gRPC are sent, SERVERLESS_GATEWAY_GRPC_URL (default: https://127.0.0.1:8443)
  -n, --namespace NS          namespace of objects that name none (default: default)
      --skip RULE             leave a rule out; may be repeated
  -h, --help                  this text

Exit code: 0 nothing wrong, or warnings only; 1 errors; 2 a command line that makes no sense.
`;
