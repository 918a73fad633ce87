// Does with npm's @kapso/whatsapp-cloud-api what a test asks for: a line of JSON in, a line of JSON out.
// In:  {"call": "messages.sendText", "base": "http://…", "token": "…", "given": {…}}
// Out: {"answer": …}, or {"error": {…}} with what the package threw.
"use strict";

const readline = require("readline");
const { WhatsAppClient } = require("@kapso/whatsapp-cloud-api");

async function tell(line) {
  const { call, base, token, given } = JSON.parse(line);
  const names = call.split(".");
  const method = names.pop();
  const client = new WhatsAppClient({ accessToken: token, baseUrl: base });
  try {
    return { answer: await names.reduce((part, name) => part[name], client)[method](given) };
  } catch (error) {
    const { name, message, httpStatus, code, details, category, fbtraceId } = error;
    return { error: { name, message, httpStatus, code, details, category, fbtraceId } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await tell(line))}\n`);
  }
})();
