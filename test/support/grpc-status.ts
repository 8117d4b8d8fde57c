import { fromJSON } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';

const call = (type: string): object => ({ methods: { Read: { requestType: type, responseType: type } } });

/** google.rpc's messages of a rejected call, and a method that reads each. */
const DESCRIPTION = {
  nested: {
    google: {
      nested: {
        rpc: {
          nested: {
            Any: { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
            Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
            Status: {
              fields: {
                code: { type: 'int32', id: 1 },
                message: { type: 'string', id: 2 },
                details: { rule: 'repeated', type: 'Any', id: 3 },
              },
            },
            RetryInfo: { fields: { retry_delay: { type: 'Duration', id: 1 } } },
            ErrorInfo: {
              fields: {
                reason: { type: 'string', id: 1 },
                domain: { type: 'string', id: 2 },
                metadata: { keyType: 'string', type: 'string', id: 3 },
              },
            },
            ReadStatus: call('Status'),
            ReadRetryInfo: call('RetryInfo'),
            ReadErrorInfo: call('ErrorInfo'),
          },
        },
      },
    },
  },
};

/** What a client finds in `grpc-status-details-bin`. */
export interface StatusDetails {
  readonly code: number;
  readonly message: string;
  readonly retryInfo: { readonly retry_delay: { readonly seconds: number } };
  readonly errorInfo: { readonly reason: string; readonly domain: string; readonly metadata: Record<string, string> };
}

/** Reads it with Protocol Buffers' own library. */
export const readStatusDetails = (bytes: Buffer): StatusDetails => {
  const loaded = fromJSON(DESCRIPTION, { longs: Number, keepCase: true });
  const read = (type: string, from: Buffer): unknown => {
    const service = loaded[`google.rpc.Read${type}`] as ServiceDefinition;
    return service['Read']!.responseDeserialize(from);
  };
  const status = read('Status', bytes) as {
    code: number;
    message: string;
    details: { type_url: string; value: Buffer }[];
  };
  const detail = (type: string): unknown => {
    const any = status.details.find(({ type_url: url }) => url === `type.googleapis.com/google.rpc.${type}`);
    if (any === undefined) throw new Error(`there is no ${type}`);
    return read(type, any.value);
  };
  return {
    code: status.code,
    message: status.message,
    retryInfo: detail('RetryInfo') as StatusDetails['retryInfo'],
    errorInfo: detail('ErrorInfo') as StatusDetails['errorInfo'],
  };
};
