// Express with express-session and Passport. Sessions are in Redis, by connect-redis.
//
//   SESSION_SECRET=… SESSION_SECRET_OLD=… REDIS_URL=redis://127.0.0.1:6379 node express_session.js 3000
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import passport from "passport";
import { createClient } from "redis";

const USERS = {
  ada: { id: "ada", roles: ["user", "admin"] },
  bob: { id: "bob", roles: ["user"] },
};
const { REDIS_URL, SESSION_SECRET, SESSION_SECRET_OLD } = process.env;

const redis = await createClient({ url: REDIS_URL }).connect();
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => done(null, USERS[id] ?? false));

const app = express();
app.use(
  session({
    store: new RedisStore({ client: redis }),
    secret: [SESSION_SECRET, SESSION_SECRET_OLD],
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 3_600_000 },
  }),
);
app.use(passport.session());
app.use(express.urlencoded());

app.post("/login", (req, res, next) => {
  const user = USERS[req.body.user];
  if (!user) return res.status(401).json({ error: "unknown user" });
  req.login(user, (fault) => {
    if (fault) return next(fault);
    req.session.user = { roles: user.roles };
    res.json({ user: user.id });
  });
});

app.post("/logout", (req, res, next) => {
  req.session.destroy((fault) => (fault ? next(fault) : res.clearCookie("connect.sid").status(204).end()));
});

app.get("/whoami", (req, res) => {
  const told = Object.entries(req.headers).filter(([name]) => name.startsWith("x-hasura-"));
  res.json({ app: req.user?.id ?? null, gateway: Object.fromEntries(told) });
});

app.listen(process.argv[2], "127.0.0.1");
