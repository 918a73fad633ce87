// Does with npm's twilio what a test asks for: a line of JSON in, a line of JSON out.
// In:  {"story": "…", "base": "http://…", "user": "…", "password": "…", "given": {…}}
// Out: {"answer": …}, or {"error": {…}} with what the package threw.
"use strict";

const readline = require("readline");
const twilio = require("twilio");
const RequestClient = require("twilio/lib/base/RequestClient");

// Sends to another host what is meant for any of Twilio's.
class Gateway extends RequestClient {
  constructor(base, options) {
    super(options);
    this.base = new URL(base);
  }

  request(options) {
    const url = new URL(options.uri);
    url.protocol = this.base.protocol;
    url.host = this.base.host;
    return super.request({ ...options, uri: url.href });
  }
}

function dates(filters) {
  const names = ["dateSent", "dateSentBefore", "dateSentAfter"];
  return Object.fromEntries(
    Object.entries(filters).map(([name, value]) => [
      name,
      names.includes(name) ? new Date(value) : value,
    ]),
  );
}

const stories = {
  create: (client, given) => client.messages.create(given),

  // Whether its own validator believes a webhook.
  validate: async (client, { token, signature, url, form }) =>
    twilio.validateRequest(token, signature, url, form),

  fetch: (client, { sid }) => client.messages(sid).fetch(),

  createAndFetch: async (client, given) => (await client.messages.create(given)).fetch(),

  list: async (client, filters) =>
    (await client.messages.list(dates(filters))).map((message) => message.sid),

  each: (client, filters) =>
    new Promise((resolve, reject) => {
      const seen = [];
      client.messages.each(
        { ...filters, done: (error) => (error ? reject(error) : resolve(seen)) },
        (message) => seen.push(message.sid),
      );
    }),

  pages: async (client, filters) => {
    const first = await client.messages.page(filters);
    const second = await first.nextPage();
    const back = await second.previousPage();
    const again = await client.messages.getPage(first.nextPageUrl);
    const sids = (page) => page.instances.map((message) => message.sid);
    return { first: sids(first), second: sids(second), back: sids(back), again: sids(again) };
  },

  redact: (client, { sid }) => client.messages(sid).update({ body: "" }),

  cancel: (client, { sid }) => client.messages(sid).update({ status: "canceled" }),

  remove: (client, { sid }) => client.messages(sid).remove(),

  feedback: (client, { sid, ...given }) => client.messages(sid).feedback.create(given),

  account: (client) => client.api.v2010.accounts(client.accountSid).fetch(),

  newKey: (client, given) => client.newKeys.create(given),

  keys: async (client) => (await client.keys.list()).map((key) => key.sid),

  // A service with these numbers, and what is in it.
  service: async (client, { numbers, ...given }) => {
    const { sid } = await client.messaging.v1.services.create(given);
    const pool = client.messaging.v1.services(sid);
    for (const phoneNumberSid of numbers) {
      await pool.phoneNumbers.create({ phoneNumberSid });
    }
    const found = await pool.phoneNumbers.list({ pageSize: 1 });
    return { ...(await pool.fetch()).toJSON(), numbers: found.map((each) => each.phoneNumber) };
  },

  services: async (client, given) =>
    (await client.messaging.v1.services.list(given)).map((service) => service.sid),

  updateService: (client, { sid, ...given }) =>
    client.messaging.v1.services(sid).update(given),

  removeService: (client, { sid }) => client.messaging.v1.services(sid).remove(),

  content: (client, given) => client.content.v1.contents.create(given),

  contents: async (client, given) =>
    (await client.content.v1.contents.list(given)).map((content) => content.sid),

  approve: async (client, { sid, ...given }) => {
    const content = client.content.v1.contents(sid);
    const asked = await content.approvalCreate.create(given);
    return [asked.status, (await content.approvalFetch().fetch()).whatsapp.name];
  },

  removeContent: (client, { sid }) => client.content.v1.contents(sid).remove(),

  application: (client, given) => client.applications.create(given),

  applications: async (client, given) =>
    (await client.applications.list(given)).map((application) => application.sid),

  removeKey: (client, { sid }) => client.keys(sid).remove(),

  available: (client, { country, kind, ...filters }) =>
    client.availablePhoneNumbers(country)[kind].list(filters),

  countries: async (client) =>
    (await client.availablePhoneNumbers.list()).map((country) => country.countryCode),

  takeNumber: (client, given) => client.incomingPhoneNumbers.create(given),

  setNumber: (client, { sid, ...given }) => client.incomingPhoneNumbers(sid).update(given),

  numbers: async (client, filters) =>
    (await client.incomingPhoneNumbers.list(filters)).map((number) => number.sid),

  releaseNumber: (client, { sid }) => client.incomingPhoneNumbers(sid).remove(),

  usage: (client, { kind, ...filters }) =>
    (kind ? client.usage.records[kind] : client.usage.records).list(filters),

  balance: (client) => client.balance.fetch(),

  verify: (client, given) => client.validationRequests.create(given),

  verified: async (client, filters) =>
    (await client.outgoingCallerIds.list(filters)).map((caller) => caller.phoneNumber),
};

// By `api.baseUrl`, as for one product, or by `httpClient`, as for all.
function clientOf({ base, user, password, accountSid, httpClient }) {
  if (httpClient) {
    return twilio(user, password, { accountSid, httpClient: new Gateway(base) });
  }
  const client = twilio(user, password, { accountSid });
  client.api.baseUrl = client.messaging.baseUrl = client.content.baseUrl = base;
  return client;
}

async function tell(line) {
  const asked = JSON.parse(line);
  try {
    return { answer: await stories[asked.story](clientOf(asked), asked.given) };
  } catch (error) {
    const { name, status, code, message, moreInfo } = error;
    return { error: { name, status, code, message, moreInfo } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await tell(line))}\n`);
  }
})();
