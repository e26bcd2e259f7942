// better-auth on Express. Users are in memory; sessions are in Redis alone, its secondary storage.
//
//   BETTER_AUTH_SECRET=… REDIS_URL=redis://127.0.0.1:6379 node better_auth.js 3000
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import express from "express";
import { webcrypto } from "node:crypto";
import { createClient } from "redis";

// Node.js has it by itself since 19.
globalThis.crypto ??= webcrypto;

const redis = await createClient({ url: process.env.REDIS_URL }).connect();
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.argv[2]}`,
  trustedOrigins: ["*"],
  database: memoryAdapter({ user: [], account: [], session: [], verification: [] }),
  emailAndPassword: { enabled: true, autoSignIn: false },
  rateLimit: { enabled: false },
  secondaryStorage: {
    get: (key) => redis.get(`better-auth:${key}`),
    set: (key, value, ttl) => redis.set(`better-auth:${key}`, value, ttl ? { EX: ttl } : {}),
    delete: (key) => redis.del(`better-auth:${key}`),
  },
});

const form = (name) => ({ name, email: `${name}@example.com`, password: "correct horse battery" });
for (const name of ["ada", "bob"]) await auth.api.signUpEmail({ body: form(name) });

const app = express();
app.all("/api/auth/*path", toNodeHandler(auth));
app.use(express.urlencoded());

app.post("/login", async (req, res) => {
  const { headers, response } = await auth.api.signInEmail({ body: form(req.body.user), returnHeaders: true });
  res.setHeader("set-cookie", headers.getSetCookie()).json({ user: response.user.email });
});

app.post("/logout", async (req, res) => {
  const { headers } = await auth.api.signOut({ headers: fromNodeHeaders(req.headers), returnHeaders: true });
  res.setHeader("set-cookie", headers.getSetCookie()).status(204).end();
});

app.get("/whoami", async (req, res) => {
  const found = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
  const told = Object.entries(req.headers).filter(([name]) => name.startsWith("x-user-"));
  res.json({ app: found?.user.email ?? null, gateway: Object.fromEntries(told) });
});

app.listen(process.argv[2], "127.0.0.1");
