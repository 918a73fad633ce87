// Does with an npm client of the Cloud API what its users do with a file, and prints what came of it.
// Called with: base URL, token, phone number id, a recipient, and the file in base64.
"use strict";

const { WhatsAppClient, GraphApiError } = require("@kapso/whatsapp-cloud-api");

const [base, accessToken, phoneNumberId, to, bytes] = process.argv.slice(2);
const file = Buffer.from(bytes, "base64");

async function main() {
  const client = new WhatsAppClient({ baseUrl: base, accessToken, graphVersion: "v23.0" });
  const uploaded = await client.media.upload({
    phoneNumberId,
    type: "image",
    file: new Blob([file], { type: "image/png" }),
    fileName: "naïve \"quoted\" name.png",
  });
  const mediaId = uploaded.id;
  const shown = await client.media.get({ mediaId, phoneNumberId });
  const read = await client.media.download({ mediaId, phoneNumberId, auth: "always" });
  const sent = await client.messages.sendImage({ phoneNumberId, to, image: { id: mediaId } });
  const deleted = await client.media.delete({ mediaId, phoneNumberId });
  const gone = await client.media.get({ mediaId, phoneNumberId }).catch((error) => ({
    isTheirs: error instanceof GraphApiError,
    code: error.code,
  }));
  return { shown, read: Buffer.from(read).toString("base64"), sent, deleted, gone };
}

main().then((found) => console.log(JSON.stringify(found)));
