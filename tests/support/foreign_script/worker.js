// The worker of the foreign script: node worker.js {"temporal": ..., "namespace": ..., "gateway": ..., "queue": ..., "protos": ...}
// Its bearer token comes by standard input, never on the command line. Prints one line when it serves.
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');
const { NativeConnection, Runtime, Worker } = require('@temporalio/worker');
const { ScriptCodec } = require('./codec');

const KEEP_MS = 600_000;
const settings = JSON.parse(process.argv[2]);
const token = fs.readFileSync(0, 'utf8').trim();

function writeContract() {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => {
    const own = path.join(settings.protos, target);
    const shipped = path.join(path.dirname(require.resolve('protobufjs/package.json')), target);
    return fs.existsSync(own) ? own : shipped;
  };
  root.loadSync('cordboard/registry/v1/script_contract.proto');
  fs.writeFileSync(path.join(__dirname, 'contract.json'), JSON.stringify(root.toJSON()));
}

function keysOfCalls() {
  const definition = protoLoader.loadSync('cordboard/registry/v1/workflow_registry_service.proto', {
    includeDirs: [settings.protos],
  });
  const { WorkflowRegistryService } = grpc.loadPackageDefinition(definition).cordboard.registry.v1;
  const registry = new WorkflowRegistryService(settings.gateway, grpc.credentials.createInsecure());
  const kept = new Map();
  return (callId) => {
    const known = kept.get(callId);
    if (known && known.until > Date.now()) return known.key;
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const key = new Promise((resolve, reject) => {
      registry.GetScriptKey({ callId }, metadata, (error, answer) => (error ? reject(error) : resolve(answer.subkey)));
    });
    kept.set(callId, { key, until: Date.now() + KEEP_MS });
    key.catch(() => kept.delete(callId));
    return key;
  };
}

async function main() {
  writeContract();
  Runtime.install({ shutdownSignals: ['SIGTERM', 'SIGINT'] });
  const connection = await NativeConnection.connect({ address: settings.temporal });
  const worker = await Worker.create({
    connection,
    namespace: settings.namespace,
    taskQueue: settings.queue,
    workflowsPath: require.resolve('./workflow'),
    dataConverter: {
      payloadConverterPath: require.resolve('./converter'),
      payloadCodecs: [new ScriptCodec(keysOfCalls())],
    },
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: '1s',
  });
  const serving = worker.run();
  process.stdout.write('{"ready": true}\n');
  await serving;
  await connection.close();
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
});
