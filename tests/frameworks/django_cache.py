"""Django with sessions in its cache, which is Redis; pickle, as Django comes.

    SECRET_KEY=… REDIS_URL=redis://127.0.0.1:6379 python django_cache.py 3000
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, JsonResponse
from django.urls import path

USERS = {"ada": (1, ["user", "admin"]), "bob": (2, ["user"])}

settings.configure(
    ALLOWED_HOSTS=["*"],
    AUTHENTICATION_BACKENDS=["__main__.Backend"],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
        }
    },
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
)
django.setup()

from django.contrib import auth  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

# There is no database to note the last login in.
auth.user_logged_in.disconnect(dispatch_uid="update_last_login")


class Backend:
    """The users of the table above, in place of those of a database."""

    def authenticate(self, request, username):
        return User(id=USERS[username][0], username=username) if username in USERS else None

    def get_user(self, user_id):
        names = [name for name, (id, _) in USERS.items() if id == user_id]
        return User(id=user_id, username=names[0]) if names else None


def login(request):
    user = auth.authenticate(request, username=request.POST["user"])
    if user is None:
        return JsonResponse({"error": "unknown user"}, status=401)
    auth.login(request, user)
    request.session["roles"] = USERS[user.username][1]
    return JsonResponse({"user": user.id})


def logout(request):
    auth.logout(request)
    return HttpResponse(status=204)


def whoami(request):
    told = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("x-hasura-")}
    return JsonResponse({"app": request.user.id, "gateway": told})


urlpatterns = [path("login", login), path("logout", logout), path("whoami", whoami)]

execute_from_command_line([sys.argv[0], "runserver", "--noreload", f"127.0.0.1:{sys.argv[1]}"])
