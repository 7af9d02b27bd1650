// A script in another language: it knows the messages of the contract and two signals, and nothing else.
const { condition, defineSignal, getExternalWorkflowHandle, setHandler } = require('@temporalio/workflow');
const root = require('./contract');

const VerbRequested = root.lookupType('cordboard.registry.v1.VerbRequested');

exports.ForeignViewing = async function ForeignViewing(start) {
  const settled = new Map();
  setHandler(defineSignal('verb_settled'), (verb) => void settled.set(verb.verbId, verb));
  const call = getExternalWorkflowHandle(`call/${start.callId}`);
  let number = 0;

  async function ask(verb) {
    const verbId = `js-${(number += 1)}`;
    await call.signal('verb_requested', VerbRequested.create({ verbId, ...verb }));
    await condition(() => settled.has(verbId));
    return settled.get(verbId);
  }

  await ask({ answer: {} });
  const { talk } = await ask({ talk: {} });
  const refused = await ask({ transfer: { queue: 'viewings' } });
  await ask({ hangUp: { reason: 'SERVED_FROM_AFAR' } });
  return [JSON.parse(start.input).area, talk.slots.name, refused.reason].join('|');
};
