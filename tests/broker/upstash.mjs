// An HTTP service before a Redis, as Upstash's is: it takes a command as a list in JSON, and answers with its
// result, or with 400 and an error.

import { once } from "node:events";
import { createServer } from "node:http";

/** Starts one before this Redis. It takes commands only with the `token`. */
export async function startUpstash(redis, token = "a token of the service") {
  const { send, close } = await redis.connect();
  const server = createServer(async (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "Unauthorized" });
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const command = JSON.parse(body).map(String);
    // The service has no server of its own for each customer to ask about.
    if (command[0] === "CONFIG") return answer(400, { error: "ERR Command is not available: 'CONFIG'" });
    try {
      answer(200, { result: await send(command) });
    } catch (error) {
      answer(400, { error: error.message });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    token,
    stop() {
      close();
      server.close();
      server.closeAllConnections();
    },
  };
}
