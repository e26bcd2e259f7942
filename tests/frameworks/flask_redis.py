"""Flask with Flask-Session and Flask-Login. Sessions are in Redis, as msgpack.

    SECRET_KEY=… REDIS_URL=redis://127.0.0.1:6379 python flask_redis.py 3000
"""

import os
import sys

from flask import Flask, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_session import Session
from redis import Redis

USERS = {"ada": ["user", "admin"], "bob": ["user"]}

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_TYPE="redis",
    SESSION_REDIS=Redis.from_url(os.environ["REDIS_URL"]),
    SESSION_SERIALIZATION_FORMAT=os.environ.get("SESSION_FORMAT", "msgpack"),
    SESSION_USE_SIGNER="SESSION_SIGNED" in os.environ,
)
Session(app)
logins = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@logins.user_loader
def load(name):
    return User(name) if name in USERS else None


@app.post("/login")
def login():
    name = request.form["user"]
    if name not in USERS:
        return {"error": "unknown user"}, 401
    login_user(User(name))
    session["roles"] = USERS[name]
    return {"user": name}


@app.post("/logout")
def logout():
    logout_user()
    session.clear()
    return "", 204


@app.get("/whoami")
def whoami():
    told = {name.lower(): value for name, value in request.headers if name.lower().startswith("x-skygear-user-")}
    return {"app": current_user.get_id(), "gateway": told}


app.run(port=int(sys.argv[1]))
