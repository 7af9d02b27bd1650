// Messages of the contract travel as binary protobuf; what a script returns to its own team as JSON.
const { DefaultPayloadConverterWithProtobufs } = require('@temporalio/common/lib/protobufs');
const root = require('./contract');

exports.payloadConverter = new DefaultPayloadConverterWithProtobufs({ protobufRoot: root });
