// A service that believes signed assertions and nothing else. npm install; then, with KEYS, ISSUER, AUDIENCE and PORT
// in the environment: node verify.mjs
import { createServer } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { KEYS, ISSUER, AUDIENCE, PORT } = process.env;

// Fetched when first needed, kept, and fetched again for a key that is not known, at most every 30 seconds.
const keys = createRemoteJWKSet(new URL(KEYS), { cooldownDuration: 30_000, cacheMaxAge: 300_000 });
// The keys cannot be had: nothing is known of the caller, and it may be tried again.
const unavailable = [undefined, "ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];
const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256", "EdDSA"], clockTolerance: 30 };

// null: no session. Throws for an assertion that does not hold.
async function caller(request) {
  const assertion = request.headers["x-sessiongate-assertion"];
  if (assertion === undefined) return null;
  const { payload } = await jwtVerify(assertion, keys, { ...expected, requiredClaims: ["exp", "sub"] });
  return payload;
}

createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body) + "\n");
  };
  try {
    const who = await caller(request);
    answer(200, who && { user: who.sub, roles: who.roles });
  } catch (fault) {
    if (unavailable.includes(fault.code)) answer(503, { error: "keys_unavailable" });
    else answer(401, { error: fault.code });
  }
}).listen(Number(PORT), "127.0.0.1");
