// The published contract, as the worker has written it out of the .proto files.
const protobuf = require('protobufjs');

module.exports = protobuf.Root.fromJSON(require('./contract.json'));
