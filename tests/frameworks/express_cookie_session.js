// Express with cookie-session. The session is a cookie that holds a JSON Web Token without an end; there is no store.
//
//   SESSION_SECRET=… SESSION_SECRET_OLD=… JWT_KEY=… node express_cookie_session.js 3000
import cookieSession from "cookie-session";
import express from "express";
import jwt from "jsonwebtoken";

const USERS = {
  ada: { id: 123, email: "ada@example.com", roles: ["user", "admin"] },
  bob: { id: 124, email: "bob@example.com", roles: ["user"] },
};
const { JWT_KEY, SESSION_SECRET, SESSION_SECRET_OLD } = process.env;

const app = express();
app.use(cookieSession({ name: "session", keys: [SESSION_SECRET, SESSION_SECRET_OLD] }));
app.use(express.urlencoded());

app.use((req, res, next) => {
  try {
    req.currentUser = jwt.verify(req.session.jwt, JWT_KEY);
  } catch {
    // Nobody is logged in.
  }
  next();
});

app.post("/login", (req, res) => {
  const user = USERS[req.body.user];
  if (!user) return res.status(401).json({ error: "unknown user" });
  req.session = { jwt: jwt.sign(user, JWT_KEY) };
  res.json({ user: user.id });
});

app.post("/logout", (req, res) => {
  req.session = null;
  res.status(204).end();
});

app.get("/whoami", (req, res) => {
  const told = Object.entries(req.headers).filter(([name]) => name.startsWith("x-user-"));
  res.json({ app: req.currentUser?.id ?? null, gateway: Object.fromEntries(told) });
});

app.listen(process.argv[2], "127.0.0.1");
