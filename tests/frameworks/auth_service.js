// An auth service with a resolve endpoint, as Skygear's had: whoever is asked about is told in headers. Its sessions are
// its own business; here they are in memory.
//
//   SESSION_SECRET=… node auth_service.js 3000
import express from "express";
import session from "express-session";

const USERS = { ada: { id: "87dfaacf", verified: true }, bob: { id: "0b5f1c7e", verified: false } };

const app = express();
const cookie = { maxAge: 3_600_000 };
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false, cookie }));
app.use(express.urlencoded());

app.get("/_auth/session/resolve", (req, res) => {
  const { user } = req.session;
  res.set("Cache-Control", "max-age=5").set("X-Skygear-Session-Valid", String(Boolean(user)));
  if (user) {
    res.set("X-Skygear-User-Id", user.id);
    res.set("X-Skygear-User-Verified", String(user.verified)).set("X-Skygear-User-Disabled", "false");
  }
  res.end();
});

app.post("/login", (req, res) => {
  const user = USERS[req.body.user];
  if (!user) return res.status(401).json({ error: "unknown user" });
  req.session.user = user;
  res.json({ user: user.id });
});

app.post("/logout", (req, res, next) => {
  req.session.destroy((fault) => (fault ? next(fault) : res.clearCookie("connect.sid").status(204).end()));
});

// What a service behind the gateway would see.
app.get("/whoami", (req, res) => {
  const told = Object.entries(req.headers).filter(([name]) => name.startsWith("x-skygear-user-"));
  res.json({ app: req.session.user?.id ?? null, gateway: Object.fromEntries(told) });
});

app.listen(process.argv[2], "127.0.0.1");
